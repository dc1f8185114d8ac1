import type { Contender } from "./contender.ts";
import { type External, findExternal, startExternal } from "./external.ts";

const external: External = {
  command: "haproxy",
  configure: (listen, { replica }) => `global
  nbthread 1
  maxconn 4000
defaults
  mode tcp
  timeout connect 3s
  timeout client 1h
  timeout server 1h
listen bench
  bind ${listen.host}:${listen.port}
  server replica ${replica.host}:${replica.port}
`,
  // -db: stay in the foreground, as one process.
  args: (_listen, _setup, file) => ["-db", "-q", "-f", file],
};

/** HAProxy in TCP mode with one thread. */
export const haproxy: Contender = {
  name: "haproxy",
  find: () => findExternal("haproxy", ["-v"]),
  start: (setup) => startExternal(external, setup),
};
