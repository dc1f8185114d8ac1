/** How much longer a turn may be, the longer we have waited for a short one. */
const lenience = 1 / 100;
const shortestMs = 0.05;

/**
 * Settles at the end of a short turn of the event loop in which `count`, that grows with what arrives, stayed the same;
 * after `mostMs` in any case. What is closed then loses what arrives within that one turn, and nothing else.
 */
export async function quietTurn(count: () => number, mostMs: number): Promise<void> {
  const startedAt = performance.now();
  // The first end of a turn may come before the loop has looked for anything.
  await endOfTurn();
  for (;;) {
    const [before, from] = [count(), performance.now()];
    await endOfTurn();
    const now = performance.now();
    const waited = now - startedAt;
    const isShort = now - from <= Math.max(shortestMs, waited * lenience);
    if ((isShort && count() === before) || waited >= mostMs) return;
  }
}

function endOfTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
