import type { Problem } from "../../model/problem.ts";
import { emptyTable, type Table } from "../../routing/table.ts";
import { readQuery, responseCodes, type Query, type ResponseCode } from "./query.ts";
import { formatRejection, formatReply, type Answer } from "./reply.ts";
import { Zone, type Found, type ZoneOptions } from "./zone.ts";

/** How a question came, which bounds the answer. */
export type Transport = "udp" | "tcp";

/** What becomes of a message. */
export type Response =
  | { readonly kind: "reply"; readonly bytes: Buffer; readonly code: ResponseCode }
  /** Somebody else must be asked. */
  | { readonly kind: "outside"; readonly query: Query }
  /** It must not be answered. */
  | { readonly kind: "silence" };

export interface ResponderOptions extends ZoneOptions {
  /** True when names that are not ours are asked elsewhere. */
  readonly forwards: boolean;
}

const leastDatagram = 512;
/** What goes through every network in one piece. [dns flag day 2020] */
const mostDatagram = 1232;
const mostStream = 65_535;
const unanswered = { isAuthoritative: false, records: [], extras: [] } as const;

/** Answers messages from the newest table: bytes in, bytes out. */
export class Responder {
  readonly #options: ResponderOptions;
  #table: Table = emptyTable;
  #zone: Zone | undefined;
  #former: Zone | undefined;
  #turn = 0;

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  /** The names are sorted when somebody asks: tables may change more often than that. */
  publish(table: Table): void {
    this.#table = table;
    this.#former = this.#zone ?? this.#former;
    this.#zone = undefined;
  }

  problems(): readonly Problem[] {
    return this.#names().named.problems;
  }

  respond(message: Buffer, transport: Transport): Response {
    const read = readQuery(message);
    if (read === undefined) return { kind: "silence" };
    if (read.kind === "rejected")
      return { kind: "reply", bytes: formatRejection(read), code: read.code };
    const answer = this.#answer(read);
    if (answer === undefined) return { kind: "outside", query: read };
    return { kind: "reply", bytes: this.#format(read, answer, transport), code: answer.code };
  }

  /** What the client is told when nobody else could be asked. */
  refusal(query: Query, code: ResponseCode): Buffer {
    return this.#format(query, { ...unanswered, code }, "udp");
  }

  /** Undefined when somebody else must be asked. */
  #answer(query: Query): Answer | undefined {
    const { edns, name, type, wantsRecursion } = query;
    if (edns !== undefined && edns.version !== 0)
      return { ...unanswered, code: responseCodes.badVersion };
    if (!this.#isOurs(query)) {
      if (this.#options.forwards && wantsRecursion) return undefined;
      return { ...unanswered, code: responseCodes.refused };
    }
    // Zone transfers: nobody needs them, and their size has no bound.
    if (type === "AXFR" || type === "IXFR") return { ...unanswered, code: responseCodes.refused };
    // Nothing is known before the first table, and that must not be remembered as an absence.
    if (this.#table.version === 0) return { ...unanswered, code: responseCodes.serverFailure };
    return this.#tell(this.#names().find(name, type));
  }

  #isOurs({ isPlain, isInternet, name }: Query): boolean {
    return isPlain && isInternet && this.#names().has(name);
  }

  #tell(found: Found): Answer {
    const missing = { ...unanswered, isAuthoritative: true, authority: this.#names().authority };
    switch (found.kind) {
      case "records":
        return { code: responseCodes.noError, isAuthoritative: true, ...this.#turned(found) };
      case "empty":
        return { ...missing, code: responseCodes.noError };
      case "absent":
        return { ...missing, code: responseCodes.nameError };
    }
  }

  /** Clients tend to take the first record: each answer begins with another one. */
  #turned({
    records,
    extras,
  }: Pick<Answer, "records" | "extras">): Pick<Answer, "records" | "extras"> {
    if (records.length < 2) return { records, extras };
    this.#turn = (this.#turn + 1) % records.length;
    return { records: [...records.slice(this.#turn), ...records.slice(0, this.#turn)], extras };
  }

  #format(query: Query, answer: Answer, transport: Transport): Buffer {
    const { origin, forwards } = this.#options;
    return formatReply(query, answer, {
      limit: transport === "tcp" ? mostStream : datagramLimit(query),
      // Each label's length takes the place of a dot; the first one's and the root's come on top.
      originBytes: origin.length + 2,
      offersRecursion: forwards,
      ownSize: mostDatagram,
    });
  }

  #names(): Zone {
    this.#zone ??= new Zone(this.#table, this.#options, this.#former);
    this.#former = undefined;
    return this.#zone;
  }
}

function datagramLimit({ edns }: Query): number {
  if (edns === undefined) return leastDatagram;
  return Math.min(Math.max(edns.size, leastDatagram), mostDatagram);
}
