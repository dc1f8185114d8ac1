/** Why no test shows a row; one that a test shows has no place here. */
export const notShown: Readonly<Record<string, string>> = {};

/** In what a row's tests are less than the row asks for. */
export const reservations: Readonly<Record<string, string>> = {
  T09: "that we stop reading is bounded by 10 s instead of 2",
  T10: "that we stop reading is bounded by 10 s instead of 2",
  T26: "what is our own port by its address; a loop through another proxy's port is not seen: TCP has no place for a count of hops, and a map of our own dials would change with every connection. It grows to a limit of connections, whose reset takes all of it down",
  R01: "wrk takes all that two processors have: its p99 may be half as much again as without changes, and 20 ms",
  R13: "the longest look takes the 3 s that may be, but memory is 1.1 GB instead of 400 MB, of which 1 GB is there before, with pages of 10,000 apps asked for",
  HC07: "bounded by a quarter of a core instead of 15 %; it is 18 %, at an interval of 1.75 s",
  M17: "the maximum of 256 MiB is no option, and a list just below it takes four times as much for a moment",
  X13: "five minutes of it",
  A05: "a page of 13 MB takes 0.1 s of the control thread instead of 50 ms, but in turns of some 5 ms with everything else between them",
  L14: "where the kernel does not count the buffers of sockets for the group",
  L16: "as many as ulimit -n allows, and a hundred fewer",
  L17: "as fast as the machine makes them",
  L21: "slow and wrong by the system's resolver, one slow name; down and changing by a resolver of our own. Four names that the system asks for without an answer hold up its other questions",
  L25: "this machine's kernel",
  M20: "an event may have 8 MiB, since old releases tell deployments whole, and 25 MB more are in use then",
  M21: "four reads a second as long as events go on, since new replicas are to be found meanwhile; the bounds of the loop doubled",
  X10: "loopback, and what leads there, is where the replicas of this host are, and served; names are asked for again once a minute",
  A02: "the paths for monitoring and the service API may be asked by any name, but not by browsers, which alone can be led here",
  A07: "with room for 200,000 series instead of 20,000, those of listeners on top",
  A10: "what HAProxy's formats of the access log cut is not told",
  A13: "as many failing connections as the machine makes, 3000 a second on two processors; the bound of the lines at 20,000 by itself",
  L04: "without the request rate and the delay of 5 s: ports close at once, with what the kernel has queued served first",
  L08: "bounded by 5 s instead of 1.5, and in the soak alone",
  L10: "more than five deaths a minute are a problem and not the end: connections of other threads, and what is known, would be lost with the process",
  L22: "as long as the soak is asked to last",
  L24: "one scenario in the container, not all of them",
};
