import { printable } from "../../model/problem.ts";
import type { Credentials } from "../secrets.ts";
import { nextBytes, nextLine, type Reading, type Script } from "./conversation.ts";
import { bad, good, type Finding } from "./finding.ts";
import { longestAnswer, type Heard } from "./heard.ts";

/** Redis' own words for the two ends of a replication. */
export type RedisRole = "master" | "slave";

export interface RedisQuestion {
  readonly credentials: Credentials | undefined;
  /** The role it must have; undefined for any. */
  readonly role: RedisRole | undefined;
}

const shown = 80;
const roleField = "role:";
const bulkGrammar = /^\$(\d{1,9})$/;

/**
 * AUTH where there are credentials, then PING, then the role where one is asked for. PING comes first since INFO is
 * answered even while the dataset is still loading [redis: command flags].
 */
export function redisScript({ credentials, role }: RedisQuestion): Script {
  return function* (heard) {
    let refusal: string | undefined;
    if (credentials !== undefined) {
      yield command(authentication(credentials));
      const answer = yield* nextLine(heard);
      // Not the end: a server without a password refuses every AUTH, and works. PING will tell.
      if (answer !== "+OK") refusal = answer;
    }
    yield command(["PING"]);
    const pong = yield* nextLine(heard);
    if (pong !== "+PONG") return bad("L7RSP", printable(refusal ?? pong, shown));
    if (role === undefined) return good("L7OK/PONG");
    yield command(["INFO", "replication"]);
    return judgeRole(yield* nextBulk(heard), role);
  };
}

function authentication({ username, password }: Credentials): string[] {
  return username === undefined ? ["AUTH", password] : ["AUTH", username, password];
}

/** A request as an array of bulk strings, in which every byte is harmless [resp: sending commands]. */
function command(words: readonly string[]): Buffer {
  const bulks = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return Buffer.from(`*${words.length}\r\n${bulks.join("")}`, "utf8");
}

function* nextBulk(heard: Heard): Reading<string | Finding> {
  const header = yield* nextLine(heard);
  const length = bulkGrammar.exec(header)?.[1];
  if (length === undefined) return bad("L7RSP", printable(header, shown));
  // Known to be too long before it comes.
  if (Number(length) > longestAnswer) return bad("L7RSP", `an INFO of ${length} bytes`);
  return yield* nextBytes(heard, Number(length));
}

function judgeRole(replication: string | Finding, wanted: RedisRole): Finding {
  if (typeof replication !== "string") return replication;
  const found = replication.split("\r\n").find((line) => line.startsWith(roleField));
  if (found === undefined) return bad("L7RSP", "no role in INFO");
  if (found === `${roleField}${wanted}`) return good(found);
  return { ...bad(printable(found, shown)), decisive: true };
}
