import type { Answer, DecodedPacket } from "dns-packet";

import { isFields, numberOf, textOf } from "../fields.ts";

/** One SRV record, as it was sent. */
export interface SrvRecord {
  /** The target. */
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** What a server says, and for how long that holds. */
export interface Told<T> {
  readonly value: T;
  /** Undefined when it does not say. */
  readonly ttlMs: number | undefined;
}

/** What a question for SRV records brings: they, and the addresses that were sent along for their targets. */
export interface SrvAnswer extends Told<readonly SrvRecord[]> {
  readonly addresses: ReadonlyMap<string, Told<readonly string[]>>;
}

/** The answer to a question for SRV records; a name that does not exist has none. Throws when it is no answer at all. */
export function readSrv(packet: DecodedPacket): SrvAnswer {
  refuseFailure(packet);
  const { answers = [], additionals = [] } = packet;
  const records = answers.flatMap((answer) => srvRecord(answer) ?? []);
  const targets = new Set(records.map(({ name }) => name.toLowerCase()));
  const along = [...answers, ...additionals].filter(({ name }) => targets.has(name.toLowerCase()));
  const byName = Map.groupBy(along, ({ name }) => name.toLowerCase());
  const addresses = new Map([...byName].map(([name, all]) => [name, addressesIn(all)] as const));
  const given = [...addresses].filter(([, { value }]) => value.length > 0);
  return { value: records, ttlMs: ttlOf(records.length, packet), addresses: new Map(given) };
}

/** The answer to a question for addresses. Throws when it is no answer at all. */
export function readAddresses(packet: DecodedPacket): Told<readonly string[]> {
  refuseFailure(packet);
  const { value } = addressesIn(packet.answers ?? []);
  return { value, ttlMs: ttlOf(value.length, packet) };
}

/** A name server must be able to say that a name has nothing: any other code says nothing of the name. */
function refuseFailure(packet: DecodedPacket): void {
  // The types leave the code out, which the library reads all the same.
  const code: unknown = Reflect.get(packet, "rcode");
  if (code !== "NOERROR" && code !== "NXDOMAIN") throw new Error(textOf(code, 40) ?? "no code");
}

function srvRecord(answer: Answer): SrvRecord | undefined {
  if (answer.type !== "SRV") return undefined;
  const { target, port, priority = 0, weight = 0 } = answer.data;
  return { name: target, port, priority, weight };
}

function addressesIn(answers: readonly Answer[]): Told<readonly string[]> {
  const found = answers.filter(({ type }) => type === "A" || type === "AAAA");
  const value = found.flatMap((answer) => ("data" in answer ? (textOf(answer.data) ?? []) : []));
  return { value, ttlMs: leastTtl(found) };
}

/** Of an answer with records the least of theirs; of one without, how long that may be remembered [rfc2308 §5]. */
function ttlOf(
  records: number,
  { answers = [], authorities = [] }: DecodedPacket,
): number | undefined {
  if (records > 0) return leastTtl(answers);
  const start = authorities.find(({ type }) => type === "SOA");
  const minimum =
    start !== undefined && "data" in start && isFields(start.data)
      ? numberOf(start.data["minimum"])
      : undefined;
  const ttl = leastTtl(start === undefined ? [] : [start]);
  return minimum === undefined || ttl === undefined ? undefined : Math.min(ttl, minimum * 1000);
}

function leastTtl(answers: readonly Answer[]): number | undefined {
  const ttls = answers.flatMap((answer) => ("ttl" in answer ? (numberOf(answer.ttl) ?? []) : []));
  return ttls.length === 0 ? undefined : Math.min(...new Set(ttls)) * 1000;
}
