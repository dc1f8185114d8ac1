import { printable } from "../../model/problem.ts";
import { nothing, toResult, type Finding } from "./finding.ts";
import type { ProbeResult } from "./probe.ts";

/** What an attempt has open while it runs. */
export interface Exchange {
  /** What it means that the time is over now. */
  late(): Finding;
  /** Gives up everything it holds; called once, whatever the end. */
  close(finding: Finding): void;
}

/** When an attempt has to be over, in ms and by whose word. */
interface Limits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Runs one exchange to its first finding, its total time or the abort, whichever comes first; then closes it. */
export function attempt(
  { timeoutMs, signal }: Limits,
  open: (settle: (finding: Finding) => void) => Exchange,
): Promise<ProbeResult> {
  if (signal.aborted) return Promise.resolve(toResult(nothing("aborted"), 0));
  return new Promise((resolve) => {
    const startedAt = performance.now();
    let exchange: Exchange | undefined;
    let grace: NodeJS.Immediate | undefined;
    let isOver = false;
    const settle = (finding: Finding): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      clearImmediate(grace);
      signal.removeEventListener("abort", onAbort);
      exchange?.close(finding);
      resolve(toResult(finding, performance.now() - startedAt));
    };
    const onAbort = (): void => settle(nothing("aborted"));
    const onLate = (): void => settle(exchange?.late() ?? nothing("not started"));
    // After a pause of the whole thread the timer comes before the answers that have been waiting: they get a turn
    // first, or our own lateness would be held against the replica [node: event loop phases].
    const timer = setTimeout(() => {
      grace = setImmediate(onLate);
    }, timeoutMs);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      exchange = open(settle);
    } catch (error) {
      settle(nothing(printable(String(error), 80)));
    }
  });
}
