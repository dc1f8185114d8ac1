import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { noIPv6 } from "../support/no-ipv6.ts";
import { isMissing, ServerProcess, TemporaryDirectory } from "../support/real-server.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { TcpClient } from "../support/tcp-client.ts";

interface Peer {
  readonly name: string;
  /** Its configuration: it answers with the client's address and port as the PROXY header names them. */
  readonly configure: (port: number, folder: string) => string;
  readonly options: (file: string) => readonly string[];
}

const peers: readonly Peer[] = [
  {
    name: "haproxy",
    configure: (port) => `defaults
  mode http
  timeout client 5s
  timeout connect 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:${port} accept-proxy
  http-request return status 200 content-type text/plain lf-string "client %[src] %[src_port] end"
`,
    options: (file) => ["-db", "-f", file],
  },
  {
    name: "nginx",
    configure: (
      port,
      folder,
    ) => `daemon off; master_process off; pid ${folder}/pid; error_log stderr error;
events { worker_connections 64; }
http {
  access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p;
  fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  server {
    listen 127.0.0.1:${port} proxy_protocol;
    return 200 "client $proxy_protocol_addr $proxy_protocol_port end";
  }
}
`,
    options: (file) => ["-c", file, "-e", "stderr"],
  },
];

/** What the peer says of a client that connects to this host and port, and what the client says of itself. */
async function seen(port: number, host: string): Promise<{ told: string; own: string }> {
  await using client = await TcpClient.open(port, host);
  const { localAddress, localPort } = client.socket;
  client.socket.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  await eventually(() => client.text.includes(" end") || client.closed);
  const told = /client (\S+) (\d+) end/.exec(client.text);
  return { told: `${told?.[1]} ${told?.[2]}`, own: `${localAddress} ${localPort}` };
}

for (const { name, configure, options } of peers) {
  test(
    `a real ${name} learns from our header who the client is, in both versions and families (P04)`,
    { skip: isMissing(name) || noIPv6() },
    async () => {
      using directory = new TemporaryDirectory();
      const peerPort = await freePort();
      const file = directory.write("peer.conf", configure(peerPort, directory.path));
      await using _ = new ServerProcess(name, options(file));
      await using marathon = await startMarathon();
      const ports = { 1: await freePort(), 2: await freePort() };
      for (const version of [1, 2] as const) {
        const id = `/proxy/v${version}`;
        const labels = { "portolan.0.send-proxy": String(version) };
        marathon.putApp({ ...app(id, ports[version]), labels });
        place(marathon, id, peerPort);
      }
      const args = ["--marathon", marathon.urls[0] ?? "", "--bind", "127.0.0.1,::1"];
      await using proxy = await RunningProxy.start(args);
      await proxy.ready();
      for (const port of Object.values(ports)) {
        await proxy.service(port, ({ replicas }) => replicas[0]?.state === "up");
        for (const host of ["127.0.0.1", "::1"]) {
          await eventually(async () => {
            const { told, own } = await seen(port, host);
            if (!told.includes("undefined")) assert.equal(told, own);
            return told === own;
          });
        }
      }
    },
  );
}
