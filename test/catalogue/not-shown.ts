/** Why no test shows a row; one that a test shows has no place here. */
export const notShown: Readonly<Record<string, string>> = {
  T25: "Node cannot send urgent data",
  R02: "the soak changes routes all the time; the limit of 100 ms is noise on a busy machine",
  B08: "needs a debugger in the process",
  B09: "the kernel decides; it shows as B01",
  U12: "needs a full send buffer of a stopped process, which loopback does not fill",
  L11: "needs a fault injected into the engine: the program has no hook for that",
  L12: "needs a stall injected into a worker: the program has no hook for that",
  L21: "own resolvers answer in test/unit/discovery/resolve-hosts; a slow system resolver cannot be had without root",
};

/** In what a row's tests are less than the row asks for. */
export const reservations: Readonly<Record<string, string>> = {
  T01: "200 connections",
  T09: "short",
  T10: "short",
  T20: "with more bytes than the kernel's buffers hold; fewer are given up by the kernel, after a quarter of an hour",
  T22: "fewer",
  T24: "seconds, and losses alone where the kernel has no netem",
  R01: "200 changes",
  HC07: "without the CPU figure",
  M01: "a few seconds",
  M17: "with a small limit",
  M24: "one proxy",
  S03: "50 clients, and the bound of the memory by itself",
  S07: "2 × 5000",
  U08: "from one host",
  X13: "rows only",
  L01: "256 descriptors",
  L09: "5,000 connections",
  L18: "300 half-open connections against a queue of 16",
  L20: "a few seconds",
  L25: "this machine's kernel",
};
