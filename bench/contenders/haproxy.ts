import type { Address } from "../../src/model/address.ts";
import type { Contender } from "./contender.ts";
import { type External, findExternal, startExternal } from "./external.ts";

const external: External = {
  command: "haproxy",
  configure: (listen, { replica, connections = 4000 }) =>
    haproxyConfig(listen, replica, connections),
  // -db: stay in the foreground, as one process.
  args: (_listen, _setup, file) => ["-db", "-q", "-f", file],
};

/** HAProxy in TCP mode with one thread. */
export const haproxy: Contender = {
  name: "haproxy",
  find: () => findExternal("haproxy", ["-v"]),
  start: (setup) => startExternal(external, setup),
};

/** One port in TCP mode, forwarded by one thread. */
export function haproxyConfig(listen: Address, replica: Address, connections: number): string {
  return `global
  nbthread 1
  maxconn ${connections}
defaults
  mode tcp
  timeout connect 3s
  timeout client 1h
  timeout server 1h
listen bench
  bind ${listen.host}:${listen.port}
  server replica ${replica.host}:${replica.port}
`;
}
