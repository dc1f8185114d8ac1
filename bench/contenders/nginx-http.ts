import type { External } from "./external.ts";

/** Within a server: every request goes to the replica, on a kept connection. */
export const forwarding = `location / {
      proxy_pass http://replica;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_buffering off;
    }`;

/** nginx as a reverse proxy, one process, with these servers on the address it is told. */
export function nginxWith(serversOn: (address: string) => string): External {
  return {
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
  client_max_body_size 0;
  upstream replica {
    server ${replica.host}:${replica.port};
    keepalive 64;
    keepalive_requests 1000000000;
  }
  ${serversOn(`${listen.host}:${listen.port}`)}
}
`,
    args: (_listen, _setup, file) => ["-c", file, "-e", "stderr"],
  };
}
