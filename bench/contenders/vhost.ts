import type { MarathonVerbs } from "../actors/verbs.ts";
import { Actor } from "../support/actor.ts";
import { freePort } from "../support/ports.ts";
import { startPortolan } from "../support/portolan.ts";
import type { Contender, Running, Setup } from "./contender.ts";
import { findExternal, startExternal } from "./external.ts";
import { forwarding, nginxWith } from "./nginx-http.ts";

/** The host that every request names. */
const asked = "service.example.test";

/** So many names, the one that is asked for in the middle. */
function hostNames(count: number): string[] {
  const names = Array.from({ length: count - 1 }, (_, index) => `host-${index}.example.test`);
  return names.toSpliced(count >> 1, 0, asked);
}

/** The real program with one worker and a gateway on which an app has so many names. */
function portolanWith(hosts: number): Contender {
  return {
    name: `portolan, ${hosts} hosts`,
    find: ({ isBuilt }) => ({ kind: "found", version: isBuilt ? "built program" : "source" }),
    start: (setup) => startGateway(setup, hosts),
  };
}

async function startGateway({ replica, cpus, program }: Setup, hosts: number): Promise<Running> {
  await using owned = new AsyncDisposableStack();
  const marathon = owned.use(Actor.start<MarathonVerbs>("marathon.ts", { cpus: cpus.rest }));
  const url = await marathon.call("open", undefined);
  const address = { host: "127.0.0.1", port: await freePort() };
  const servicePorts: number[] = [];
  for (const [index, names] of chunks(hostNames(hosts)).entries()) {
    const [app, servicePort] = [`/bench-${index}`, await freePort()];
    const labels = { "portolan.0.http-hosts": names.join(",") };
    await marathon.call("putApp", { id: app, servicePort, protocol: "tcp", labels });
    await marathon.call("addTask", { app, port: replica.port });
    servicePorts.push(servicePort);
  }
  const ports = ["--gateway-port-http", String(address.port), "--gateway-port-https", ""];
  const flags = ["--workers", "1", "--enable-gateway", "--gateway-bind", address.host, ...ports];
  const proxy = owned.use(await startPortolan({ marathon: url, program, cpus: cpus.proxy, flags }));
  for (const port of servicePorts) await proxy.listening(`127.0.0.1:${port}`);
  const life = owned.move();
  return { address, pids: [proxy.pid], [Symbol.asyncDispose]: () => life.disposeAsync() };
}

/** Names of one app each: a label holds no more than 64 KiB. */
function chunks(names: readonly string[]): string[][] {
  const most = 1000;
  return Array.from({ length: Math.ceil(names.length / most) }, (_, index) =>
    names.slice(index * most, (index + 1) * most),
  );
}

/** With few hosts and with many; a request must cost the same. */
export const portolanFewHosts: Contender = portolanWith(10);
export const portolanManyHosts: Contender = portolanWith(10_000);

const nginx = nginxWith(
  (address) => `server_names_hash_max_size 65536;
  server_names_hash_bucket_size 128;
  server { listen ${address} backlog=4096 default_server; return 503; }
  server {
    listen ${address};
    server_name ${hostNames(10_000).join("\n      ")};
    ${forwarding}
  }`,
);

/** nginx with as many names in its hash. */
export const nginxManyHosts: Contender = {
  name: "nginx, 10000 hosts",
  find: () => findExternal("nginx", ["-v"]),
  start: (setup) => startExternal(nginx, setup),
};

/** HAProxy in HTTP mode with as many names in one tree. */
export const haproxyManyHosts: Contender = {
  name: "haproxy, 10000 hosts",
  find: () => findExternal("haproxy", ["-v"]),
  start: (setup) =>
    startExternal(
      {
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
frontend bench
  bind ${listen.host}:${listen.port}
${aclLines().join("\n")}
  use_backend replica if known
backend replica
  server replica ${replica.host}:${replica.port}
`,
        args: (_listen, _setup, file) => ["-db", "-q", "-f", file],
      },
      setup,
    ),
};

/** A line may have no more than 64 words. */
function aclLines(): string[] {
  const names = hostNames(10_000);
  const lines: string[] = [];
  for (let at = 0; at < names.length; at += 50) {
    lines.push(`  acl known req.hdr(host),lower ${names.slice(at, at + 50).join(" ")}`);
  }
  return lines;
}
