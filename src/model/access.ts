import type { Address } from "./address.ts";
import type { Outcome } from "./outcome.ts";

/** What one connection or one request was, for the access log. Times are in ms; -1 is a step that was never reached. */
export interface AccessRecord {
  /** The port it came to: a service key, or the name of a gateway port. */
  readonly frontend: string;
  /** Key of the service it was for; undefined when it was refused before that was known. */
  readonly service: string | undefined;
  /** `host:port` of the one tried last, reached or not; undefined when there was none to try. */
  readonly replica: string | undefined;
  /** As a PROXY header tells it, where one is believed. */
  readonly client: Address;
  /** By the clock of the thread that tells it, which never goes back. */
  readonly startedAt: number;
  /** Until a replica was connected, waiting for room included. */
  readonly connectMs: number;
  /** From there until the first word of the answer. */
  readonly responseMs: number;
  readonly totalMs: number;
  /** Bytes from the client, and to it. */
  readonly received: number;
  readonly sent: number;
  readonly outcome: Outcome;
  /** Replicas that were tried in vain before. */
  readonly retries: number;
  /** Connections open at its end: of the process, of its service, of its replica. */
  readonly load: AccessLoad;
  /** Undefined for a connection whose bytes were copied as they are. */
  readonly request: AccessRequest | undefined;
}

interface AccessLoad {
  readonly process: number;
  readonly service: number;
  readonly replica: number;
}

/** HAProxy's own word, in the place of the method, for a request that was not whole or could not be read. */
export const unreadRequest = "<BADREQ>";

/** The request of a line; all of it is as the client wrote it, and bounded. */
export interface AccessRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly host: string;
  readonly version: string;
  /** 0 when the client left before an answer. */
  readonly status: number;
  /** How many characters method, target and host had together, where one of them was cut. */
  readonly truncated?: number;
}

/** Records of one thread, with what it lost. */
export interface AccessBatch {
  readonly records: readonly AccessRecord[];
  /** When it was sent, by the same clock as the records. */
  readonly at: number;
  /** Records that found no room since the batch before. */
  readonly dropped: number;
}

/** Takes what is to be logged; never throws, never waits. */
export interface AccessSink {
  note(record: AccessRecord): void;
}
