import type { Contender } from "./contender.ts";
import { direct } from "./direct.ts";
import { type External, findExternal, startExternal } from "./external.ts";
import { forwarding, nginxWith } from "./nginx-http.ts";
import { portolanWith } from "./portolan.ts";

/** `safe`, its default, opens a connection to the replica for the first request of each client; `always` does not. */
type Reuse = "safe" | "always";

function haproxyWith(reuse: Reuse): External {
  return {
    command: "haproxy",
    configure: (listen, { replica }) => `global
  nbthread 1
  maxconn 4000
defaults
  mode http
  option forwardfor
  http-reuse ${reuse}
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
}

const nginx = nginxWith(
  (address) => `server {
    listen ${address} backlog=4096;
    ${forwarding}
  }`,
);

/** The real program with one worker and a service in HTTP mode. */
export const portolanHttp: Contender = portolanWith("portolan", {
  labels: { "com.meltwater.proxymatic.port.0.mode": "http" },
});

/** HAProxy in HTTP mode with one thread, reusing connections to the replica as it does by default. */
export const haproxyHttp: Contender = {
  name: "haproxy",
  find: () => findExternal("haproxy", ["-v"]),
  start: (setup) => startExternal(haproxyWith("safe"), setup),
};

/** The same, but reusing them for the first request of a client too, as portolan and nginx do. */
const haproxyReusing: Contender = {
  name: "haproxy, http-reuse always",
  find: () => findExternal("haproxy", ["-v"]),
  start: (setup) => startExternal(haproxyWith("always"), setup),
};

/** nginx as a reverse proxy with kept connections to the replica, one process. */
export const nginxHttp: Contender = {
  name: "nginx",
  find: () => findExternal("nginx", ["-v"]),
  start: (setup) => startExternal(nginx, setup),
};

/** Everybody in HTTP mode, and no proxy at all. */
export const httpContenders: readonly Contender[] = [direct, portolanHttp, haproxyHttp, nginxHttp];

/** With new connections it matters which of them open one to the replica for each, so HAProxy is there in both ways. */
export const freshHttpContenders: readonly Contender[] = [
  direct,
  portolanHttp,
  haproxyHttp,
  haproxyReusing,
  nginxHttp,
];
