import { existsSync } from "node:fs";
import type { Contender } from "./contender.ts";
import { type External, findExternal, startExternal } from "./external.ts";

/** Where distributions put the module; where it is compiled in, none of these exists. */
const modules = [
  "/usr/lib/nginx/modules/ngx_stream_module.so",
  "/usr/lib64/nginx/modules/ngx_stream_module.so",
];

const external: External = {
  command: "nginx",
  configure: (listen, { replica, protocol, connections = 4000 }, folder) => {
    const found = modules.find((path) => existsSync(path));
    return `${found === undefined ? "" : `load_module ${found};`}
daemon off;
master_process off;
pid ${folder}/pid;
error_log stderr error;
events { worker_connections ${Math.max(16_384, 2 * connections + 100)}; }
stream {
  server {
    listen ${listen.host}:${listen.port} ${protocol === "udp" ? "udp" : "backlog=4096"};
    proxy_pass ${replica.host}:${replica.port};
    proxy_timeout 1h;
  }
}
`;
  },
  args: (_listen, _setup, file) => ["-c", file, "-e", "stderr"],
};

/** nginx with its stream module, one process. */
export const nginxStream: Contender = {
  name: "nginx-stream",
  find: () => findExternal("nginx", ["-v"]),
  start: (setup) => startExternal(external, setup),
};
