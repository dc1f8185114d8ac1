/** Why no test shows a row; one that a test shows has no place here. */
export const notShown: Readonly<Record<string, string>> = {
  B08: "not held: when root destroys a listening socket (ss -K), the runtime says nothing of it, and the port is closed until a new start",
  B09: "the kernel decides; it shows as B01",
  U12: "needs a full send buffer of a stopped process, which loopback does not fill",
  L21: "own resolvers answer in test/unit/discovery/resolve-hosts; the system resolver has not been made slow",
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
  R02: "as long as the soak is asked to last, without the limit of 100 ms",
  R13: "the memory is told, not asserted: 1.4 GB at most, with pages of 10,000 apps asked for on top",
  HC07: "without the CPU figure",
  M01: "a few seconds",
  M17: "with a small limit",
  M24: "one proxy",
  S03: "50 clients, and the bound of the memory by itself",
  S07: "2 × 5000",
  T11: "130 s",
  U08: "from one host",
  X13: "rows only",
  A05: "not held at 10,000 apps: a page is 74 MB and takes 5 s to make, and ten at once took 40 s; those who ask at once share one",
  L01: "256 descriptors",
  L09: "5,000 connections",
  L14: "1000 clients; 5000 take more than 256 MB, nothing is shed, and --max-connections is the bound",
  L16: "as many as ulimit -n allows",
  L17: "as fast as the machine makes them",
  L18: "300 half-open connections against a queue of 16",
  L20: "a few seconds",
  L25: "this machine's kernel",
};
