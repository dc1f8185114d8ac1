import type { Address } from "../../model/address.ts";
import type { CheckPolicy } from "../../model/check.ts";
import type { Credentials } from "../secrets.ts";

/** What one probe is sent to, and what it needs to be let in. */
export interface ProbeTarget {
  /** An IP literal and a port. */
  readonly address: Address;
  readonly check: CheckPolicy;
  /** What it is counted for, `<name>:<port>`. Default: nobody. */
  readonly service?: string;
  /** For Redis' AUTH; others ignore it. */
  readonly credentials: Credentials | undefined;
  /** Sent before all else, for replicas that expect a PROXY header. */
  readonly preface: Buffer | undefined;
}

/**
 * What a probe found, with its reason in HAProxy's words, such as `L7OK/200 in 3 ms`. A `decisive` no is the replica's
 * own word and needs no repetition, a `silent` one may be due to a broken network of this host; `void` was our own shortage or an abort and says nothing of the replica.
 */
export type ProbeResult =
  | { readonly kind: "good"; readonly reason: string }
  | {
      readonly kind: "bad";
      readonly reason: string;
      readonly decisive: boolean;
      readonly silent: boolean;
    }
  | { readonly kind: "void"; readonly reason: string };

/**
 * Asks a replica once. Never rejects, ends within the policy's `timeoutMs` however slowly the answer drips, and leaves
 * no socket behind; an abort ends it at once.
 */
export type Probe = (target: ProbeTarget, signal: AbortSignal) => Promise<ProbeResult>;
