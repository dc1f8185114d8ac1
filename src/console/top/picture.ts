import { fieldsOf, listOf, numberOf, textOf, type Fields } from "../json.ts";
import {
  readProblem,
  readReplica,
  readService,
  readSource,
  readTraffic,
  type Problem,
  type Replica,
  type Service,
  type SourceState,
  type Traffic,
} from "./wire.ts";

/** What `/api/live` has told so far; a new one for every event, so that it can be compared and kept. */
export interface Picture {
  readonly phase: string;
  readonly version: string;
  readonly table: number;
  /** The clock of the proxy, in ms since the epoch. */
  readonly now: number;
  readonly sources: readonly SourceState[];
  readonly problems: readonly Problem[];
  readonly problemCount: number;
  readonly services: ReadonlyMap<string, Service>;
  readonly traffic: ReadonlyMap<string, Traffic>;
  /** By service, then by address. */
  readonly replicas: ReadonlyMap<string, ReadonlyMap<string, Replica>>;
}

export const blank: Picture = {
  phase: "",
  version: "",
  table: 0,
  now: 0,
  sources: [],
  problems: [],
  problemCount: 0,
  services: new Map(),
  traffic: new Map(),
  replicas: new Map(),
};

/** An event of the stream as it was read; `data` is unknown until read here. */
export interface LiveEvent {
  readonly type: string;
  readonly data: unknown;
}

/** The picture after an event; events of a kind that is not known change nothing. */
export function after(picture: Picture, { type, data }: LiveEvent): Picture {
  switch (type) {
    case "full":
      return withChange(blank, fieldsOf(data));
    case "change":
    case "heartbeat":
      return withChange(picture, fieldsOf(data));
    case "replicas":
      return withReplicas(picture, fieldsOf(data));
    default:
      return picture;
  }
}

function withChange(picture: Picture, change: Fields): Picture {
  const { now, head, sources, problems } = change;
  const known = { ...picture, now: numberOf(now) ?? picture.now };
  return {
    ...known,
    ...(head === undefined ? {} : readHead(fieldsOf(head))),
    ...(sources === undefined ? {} : { sources: listOf(sources).map((one) => readSource(one)) }),
    ...(problems === undefined ? {} : readProblems(fieldsOf(problems))),
    ...withServices(picture, change),
  };
}

function readHead({ phase, version, table }: Fields): Pick<Picture, "phase" | "version" | "table"> {
  return { phase: textOf(phase), version: textOf(version), table: numberOf(table) ?? 0 };
}

function readProblems({ total, first }: Fields): Pick<Picture, "problems" | "problemCount"> {
  const problems = listOf(first).map((one) => readProblem(one));
  return { problems, problemCount: numberOf(total) ?? problems.length };
}

function withServices(
  picture: Picture,
  change: Fields,
): Pick<Picture, "services" | "traffic" | "replicas"> {
  const services = new Map(picture.services);
  const traffic = new Map(picture.traffic);
  const replicas = new Map(picture.replicas);
  for (const item of listOf(change["services"])) {
    const service = readService(fieldsOf(item));
    services.set(service.key, service);
  }
  for (const row of listOf(change["traffic"])) {
    const [key, ...numbers] = listOf(row);
    traffic.set(textOf(key), readTraffic(numbers));
  }
  for (const key of listOf(change["gone"])) {
    for (const known of [services, traffic, replicas]) known.delete(textOf(key));
  }
  return { services, traffic, replicas };
}

function withReplicas(picture: Picture, { service, set, gone }: Fields): Picture {
  const known = new Map(picture.replicas.get(textOf(service)));
  for (const item of listOf(set)) {
    const replica = readReplica(fieldsOf(item));
    known.set(replica.address, replica);
  }
  for (const address of listOf(gone)) known.delete(textOf(address));
  return { ...picture, replicas: new Map(picture.replicas).set(textOf(service), known) };
}
