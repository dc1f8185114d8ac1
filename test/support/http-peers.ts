import { connect } from "node:net";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { ServerProcess, TemporaryDirectory } from "./real-server.ts";

const configurations = {
  nginx: (port: number, replica: number, folder: string): string => `daemon off; master_process off;
pid ${folder}/pid; error_log /dev/null;
events { worker_connections 64; }
http {
  access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p;
  fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${replica};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
    }
  }
}
`,
  haproxy: (port: number, replica: number): string => `defaults
  mode http
  timeout connect 3s
  timeout client 10s
  timeout server 10s
listen peer
  bind 127.0.0.1:${port}
  server replica 127.0.0.1:${replica}
`,
} as const;

/** A well-known proxy to compare with. */
export type PeerKind = keyof typeof configurations;

/** A proxy in HTTP mode before a replica on a port of 127.0.0.1, ready for clients. */
export async function startPeer(
  kind: PeerKind,
  replicaPort: number,
): Promise<AsyncDisposable & { readonly port: number }> {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(new TemporaryDirectory());
  const port = await freePort();
  const file = folder.write("conf", configurations[kind](port, replicaPort, folder.path));
  const options = kind === "nginx" ? ["-c", file, "-e", "stderr"] : ["-db", "-q", "-f", file];
  const server = stack.use(new ServerProcess(kind, options));
  await eventually(() => listens(port), { what: `${kind} listens: ${server.output}` });
  return { port, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.on("connect", () => resolve(true));
  socket.on("error", () => resolve(false));
  const isListening = await promise;
  socket.destroy();
  return isListening;
}
