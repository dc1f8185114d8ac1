import { formatAddress, isHost, isPort, parseAddress, type Address } from "../../model/address.ts";
import { printable } from "../../model/problem.ts";
import { defaultWeight, type Replica } from "../../model/replica.ts";
import type { Protocol } from "../../model/service.ts";
import { isAppName, parseProtocols, type Claim } from "../claims.ts";
import { fieldsOf, isFields, type Fields } from "../fields.ts";
import type { PortReading } from "../labels/reading.ts";
import { readOwnDialect } from "../own-dialect.ts";
import { ProblemList } from "../problem-list.ts";
import type { Faulty } from "./last-good.ts";

/** What a document lists, and the items that were left out of it. */
export interface Listed {
  readonly claims: readonly Claim[];
  readonly problems: ProblemList;
  readonly faulty: Faulty;
}

const source = "file";
const mostServices = 65_535;
const mostReplicas = 10_000;
const documentKeys = new Set(["services"]);
const serviceKeys = new Set(["app", "name", "port", "protocol", "options", "replicas"]);
const replicaKeys = new Set(["address", "weight", "host", "task", "draining"]);

/** Reads the services of a document, item by item; throws when it has no list of them at all. */
export function readServices(document: Fields, madeAt: number): Listed {
  const { services } = document;
  if (!Array.isArray(services)) throw new Error("services: is no list");
  const reader = new ServiceReader(madeAt);
  reader.reportUnknown(document, documentKeys, "");
  if (services.length > mostServices)
    reader.report("services", `only the first ${mostServices} are used`);
  const claims = services
    .slice(0, mostServices)
    .flatMap((item: unknown, index) => reader.read(item, `services[${index}]`));
  return { claims, problems: reader.problems, faulty: reader.faulty };
}

/** What all replicas of one listed service share. */
interface Declaration {
  readonly app: string;
  readonly port: number;
  readonly protocols: readonly Protocol[];
  readonly reading: PortReading;
}

class ServiceReader {
  readonly problems = new ProblemList(source);
  readonly #madeAt: number;
  /** The app that is being read; undefined for an item that does not say. */
  #app: string | undefined;
  readonly #apps = new Set<string>();
  readonly #replicasOf = new Set<string>();
  #isAnybody = false;

  constructor(madeAt: number) {
    this.#madeAt = madeAt;
  }

  get faulty(): Faulty {
    return { isAnybody: this.#isAnybody, apps: this.#apps, replicasOf: this.#replicasOf };
  }

  read(item: unknown, path: string): readonly Claim[] {
    this.#app = undefined;
    if (!isFields(item)) return this.#leftOut(path, "is no object");
    const app = item["app"] ?? item["name"];
    if (!isAppName(app))
      return this.#leftOut(`${path}.app`, "is no name of 1 to 255 visible characters");
    this.#app = app;
    const { port, protocol = "tcp", options } = item;
    if (!isPort(port)) return this.#leftOut(`${path}.port`, "is no port from 1 to 65535");
    const protocols = protocolsOf(protocol);
    if (protocols === undefined)
      return this.#leftOut(`${path}.protocol`, "is none of tcp, udp and both");
    const replicas = item["replicas"] ?? [];
    if (!Array.isArray(replicas)) return this.#leftOut(`${path}.replicas`, "is no list");
    this.reportUnknown(item, serviceKeys, `${path}.`);
    const reading = this.#options(options ?? {}, `${path}.options`);
    return this.#claims({ app, port, protocols, reading }, replicas, `${path}.replicas`);
  }

  report(path: string, fault: string): void {
    this.problems.add({
      kind: "invalid-item",
      subject: this.#app ?? source,
      reason: `${path}: ${fault}`,
    });
  }

  reportUnknown(item: Fields, known: ReadonlySet<string>, path: string): void {
    for (const key of Object.keys(item).slice(0, 100))
      if (!known.has(key)) this.report(`${path}${printable(key, 60)}`, "is not known: ignored");
  }

  #leftOut(path: string, fault: string): readonly [] {
    this.report(path, `${fault}: the service is left out`);
    if (this.#app === undefined) this.#isAnybody = true;
    else this.#apps.add(this.#app);
    return [];
  }

  #options(value: unknown, path: string): PortReading {
    const labels = new Map<string, string>();
    if (!isFields(value)) this.report(path, "is no object: ignored");
    for (const [name, option] of Object.entries(fieldsOf(value)).slice(0, 1000)) {
      const text = textOf(option);
      if (text === undefined) this.report(`${path}.${printable(name, 60)}`, "is no value: ignored");
      else labels.set(`portolan.${name}`, text);
    }
    const { reading, faults } = readOwnDialect(labels);
    for (const reason of faults)
      this.problems.add({
        kind: "invalid-label",
        subject: this.#app ?? source,
        reason: `${path}: ${reason}`,
      });
    return reading;
  }

  #claims(declared: Declaration, listed: readonly unknown[], path: string): readonly Claim[] {
    if (listed.length > mostReplicas) this.report(path, `only the first ${mostReplicas} are used`);
    const replicas = listed
      .slice(0, mostReplicas)
      .map((item, index) => this.#replica(item, declared, `${path}[${index}]`))
      .filter((replica) => replica !== undefined);
    const { app, port, protocols, reading } = declared;
    const claim = { app, port, reading, madeAt: this.#madeAt };
    const each = replicas.length === 0 ? [undefined] : replicas;
    return protocols.flatMap((protocol) =>
      each.map((replica) => ({ ...claim, protocol, replica })),
    );
  }

  #replica(item: unknown, declared: Declaration, path: string): Replica | undefined {
    const fields = isFields(item) ? item : { address: item };
    const address = addressOf(fields["address"]);
    if (address === undefined) {
      this.report(`${path}.address`, "is no host:port: the replica is left out");
      this.#replicasOf.add(declared.app);
      return undefined;
    }
    this.reportUnknown(fields, replicaKeys, `${path}.`);
    const { weight = defaultWeight } = declared.reading.settings;
    const draining = this.#optional(fields["draining"], isBoolean, `${path}.draining`) ?? false;
    return {
      task:
        this.#optional(fields["task"], isAppName, `${path}.task`) ??
        `${declared.app}/${formatAddress(address)}`,
      host: this.#optional(fields["host"], isHost, `${path}.host`) ?? address.host,
      address,
      weight: this.#optional(fields["weight"], isWeight, `${path}.weight`) ?? weight,
      health: "up",
      reason: draining ? "marked as draining in the file" : "listed in the file",
      draining,
    };
  }

  /** The value when it is of its kind; one that is present and of another kind is reported. */
  #optional<T>(value: unknown, is: (value: unknown) => value is T, path: string): T | undefined {
    if (value === undefined || value === null) return undefined;
    if (is(value)) return value;
    this.report(path, "cannot be used: ignored");
    return undefined;
  }
}

function protocolsOf(value: unknown): readonly Protocol[] | undefined {
  return typeof value === "string" ? parseProtocols(value) : undefined;
}

function addressOf(value: unknown): Address | undefined {
  return typeof value === "string" ? parseAddress(value) : undefined;
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isWeight(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 1000;
}

/** A plain value, or a list of them, as labels write it; undefined for anything else. */
function textOf(value: unknown): string | undefined {
  if (Array.isArray(value)) {
    const texts = value.map((item: unknown) => textOf(item));
    return texts.every((text) => text !== undefined) ? texts.join(",") : undefined;
  }
  const isPlain = ["string", "number", "boolean"].includes(typeof value);
  return isPlain ? String(value) : undefined;
}
