const longestTimer = 2 ** 31 - 1;

/** Resolves after `ms` (clamped to what a timer can hold); rejects with `signal.reason` when aborted first. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(
      () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      },
      Math.min(Math.max(ms, 0), longestTimer),
    );
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

/** True when the rejection is this signal's own abort and nothing else. */
export function isAbort(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && error === signal.reason;
}
