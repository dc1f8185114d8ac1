import type { Contender } from "./contender.ts";
import { direct } from "./direct.ts";
import { type External, findExternal, startExternal } from "./external.ts";
import { portolanWith } from "./portolan.ts";

const haproxy: External = {
  command: "haproxy",
  configure: (listen, { replica }) => `global
  nbthread 1
  maxconn 4000
defaults
  mode http
  option forwardfor
  http-reuse safe
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

const nginx: External = {
  command: "nginx",
  configure: (listen, { replica }, folder) => `daemon off;
master_process off;
pid ${folder}/pid;
error_log stderr error;
events { worker_connections 16384; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  keepalive_requests 1000000000;
  upstream replica {
    server ${replica.host}:${replica.port};
    keepalive 64;
    keepalive_requests 1000000000;
  }
  server {
    listen ${listen.host}:${listen.port} backlog=4096;
    location / {
      proxy_pass http://replica;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_buffering off;
    }
  }
}
`,
  args: (_listen, _setup, file) => ["-c", file, "-e", "stderr"],
};

/** The real program with one worker and a service in HTTP mode. */
export const portolanHttp: Contender = portolanWith("portolan", {
  labels: { "com.meltwater.proxymatic.port.0.mode": "http" },
});

/** HAProxy in HTTP mode with one thread. */
export const haproxyHttp: Contender = {
  name: "haproxy",
  find: () => findExternal("haproxy", ["-v"]),
  start: (setup) => startExternal(haproxy, setup),
};

/** nginx as a reverse proxy with kept connections to the replica, one process. */
const nginxHttp: Contender = {
  name: "nginx",
  find: () => findExternal("nginx", ["-v"]),
  start: (setup) => startExternal(nginx, setup),
};

/** Everybody in HTTP mode, and no proxy at all. */
export const httpContenders: readonly Contender[] = [direct, portolanHttp, haproxyHttp, nginxHttp];
