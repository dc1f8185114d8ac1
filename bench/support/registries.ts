import { ConsulStandIn } from "../../test/support/consul-stand-in.ts";
import { Etcd, etcdMissing } from "../../test/support/etcd.ts";

/** Where replicas of one service are registered, and how portolan is told of it. */
export interface Registry extends AsyncDisposable {
  readonly flags: readonly string[];
  /** Registers a replica on this machine; settles when that is known there. */
  add(port: number): Promise<void>;
  remove(port: number): Promise<void>;
}

/** A way to start one; missing says why there is none. */
export interface RegistryKind {
  readonly name: string;
  readonly missing: string | false;
  readonly start: (servicePort: number) => Promise<Registry>;
}

export const registryKinds: readonly RegistryKind[] = [
  { name: "etcd v2", missing: etcdMissing, start: startEtcd2 },
  { name: "etcd v3", missing: etcdMissing, start: startEtcd3 },
  { name: "Consul (stand-in)", missing: false, start: startConsul },
];

async function startEtcd2(servicePort: number): Promise<Registry> {
  const etcd = await Etcd.start();
  return {
    flags: ["--registrator", `etcd://127.0.0.1:${etcd.port}/services`],
    add: (port) => etcd.set(keyOf(servicePort, port), `127.0.0.1:${port}`),
    remove: (port) => etcd.delete(keyOf(servicePort, port)),
    [Symbol.asyncDispose]: () => etcd[Symbol.asyncDispose](),
  };
}

async function startEtcd3(servicePort: number): Promise<Registry> {
  const etcd = await Etcd.start();
  return {
    flags: ["--registrator", `etcd3://127.0.0.1:${etcd.port}/services`],
    add: (port) => etcd.set3(keyOf(servicePort, port), `127.0.0.1:${port}`),
    remove: (port) => etcd.delete3(keyOf(servicePort, port)),
    [Symbol.asyncDispose]: () => etcd[Symbol.asyncDispose](),
  };
}

/** As registrator writes them. */
function keyOf(servicePort: number, port: number): string {
  return `/services/web/agent:container-${port}:${servicePort}`;
}

async function startConsul(servicePort: number): Promise<Registry> {
  const consul = await ConsulStandIn.start();
  const ports = new Set<number>();
  const meta = { "portolan-port": String(servicePort) };
  const register = (): void => {
    const checks = { alive: "passing" };
    const told = [...ports].map((port) => ({ id: `web-${port}`, address: "127.0.0.1", port }));
    consul.set(
      "web",
      told.map((instance) => ({ ...instance, meta, checks })),
    );
  };
  return {
    flags: ["--consul", consul.url.href],
    async add(port) {
      ports.add(port);
      register();
    },
    async remove(port) {
      ports.delete(port);
      register();
    },
    [Symbol.asyncDispose]: () => consul[Symbol.asyncDispose](),
  };
}
