import type { Outcome } from "../../model/outcome.ts";
import type { Refusal } from "./refusal.ts";

/** What a request that stands still waits for. */
export interface Standstill {
  readonly stillMs: number;
  /** The client has not sent all of its request, and the replica would take more. */
  readonly isClientsTurn: boolean;
  /** Bytes of the answer wait for the client to take them. */
  readonly isClientFull: boolean;
}

/** How long each may take, in ms. */
export interface Patience {
  readonly clientTimeoutMs: number;
  readonly serverTimeoutMs: number;
  readonly writeStallMs: number;
}

export type Verdict =
  | { readonly kind: "refuse"; readonly refusal: Refusal }
  | { readonly kind: "cut"; readonly outcome: Outcome };

/** Whose time is up, if anybody's. */
export function overdue(
  { stillMs, isClientsTurn, isClientFull }: Standstill,
  { clientTimeoutMs, serverTimeoutMs, writeStallMs }: Patience,
): Verdict | undefined {
  if (isClientFull) {
    return stillMs < writeStallMs ? undefined : { kind: "cut", outcome: "write-stall" };
  }
  if (isClientsTurn) {
    if (stillMs < clientTimeoutMs) return undefined;
    return { kind: "refuse", refusal: { status: 408, reason: "client-timeout" } };
  }
  if (stillMs < serverTimeoutMs) return undefined;
  return { kind: "refuse", refusal: { status: 504, reason: "upstream-timeout" } };
}
