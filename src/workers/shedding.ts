import type { MemoryUse } from "../model/memory.ts";

/**
 * Whether memory is short. `open`: it is not. `shedding`: newcomers are refused and connections that stand still are ended.
 * `spent`: that was done and did not help, so it is not the connections that take it, and refusing more of them would
 * only end the service.
 */
export type Shedding =
  | { readonly kind: "open" }
  | {
      readonly kind: "shedding";
      /** Connections ended for it so far, and when that was last seen to grow, in ms. */
      readonly ended: number;
      readonly since: number;
    }
  | { readonly kind: "spent"; readonly share: number };

export interface MemoryLook {
  readonly use: MemoryUse;
  /** Share of the limit at which shedding begins, 0–1. */
  readonly at: number;
  /** Connections ended for want of memory so far. */
  readonly ended: number;
  /** In ms of a clock that never goes back. */
  readonly now: number;
}

/** It is over when so much less of the limit is in use than where it began: what is freed comes back in pieces. */
const slack = 0.05;

/** With nothing left to end for so long, in ms, it has done what it can. */
const helplessMs = 3000;

/** Growth by so much of the limit after that is the connections' again. */
const regrown = 0.03;

/** What a look at memory makes of it. */
export function shed(before: Shedding, { use, at, ended, now }: MemoryLook): Shedding {
  const share = use.used / use.limit;
  if (share < at - slack) return { kind: "open" };
  switch (before.kind) {
    case "open":
      return share < at ? before : { kind: "shedding", ended, since: now };
    case "shedding":
      if (ended > before.ended) return { kind: "shedding", ended, since: now };
      return now - before.since < helplessMs ? before : { kind: "spent", share };
    case "spent":
      return share < before.share + regrown ? before : { kind: "shedding", ended, since: now };
  }
}

/** What a connection takes at most, in bytes, until that is seen: bytes that wait for a side that does not read included. */
const connectionBytes = 24 * 1024;

/**
 * Connections there may be until the next look: those there are, and as many as there is room for until shedding would
 * begin. Where ending some did not help, newcomers fill what those have left within the process.
 */
export function admitted(
  { kind }: Shedding,
  { use, at, active }: Pick<MemoryLook, "use" | "at"> & { readonly active: number },
): number {
  if (kind === "shedding") return 0;
  const { limit, used } = use;
  const room = kind === "open" ? limit * at - used : (limit - used) / 2;
  return active + Math.max(0, Math.ceil(room / connectionBytes));
}

/** Faster than this nothing fills memory here, in bytes per ms. */
const fastest = 1_000_000;

/** Time until the next look, in ms: before it could be used up at the fastest. */
export function untilNextLook({ limit, used }: MemoryUse, at: number): number {
  return Math.max(25, Math.min(1000, (limit * at - used) / fastest));
}
