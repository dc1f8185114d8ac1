import assert from "node:assert/strict";
import { test } from "node:test";
import { ConsulStandIn } from "../support/consul-stand-in.ts";
import { DnsStandIn } from "../support/dns-stand-in.ts";
import { DockerStandIn } from "../support/docker-stand-in.ts";
import { Etcd, etcdMissing } from "../support/etcd.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

async function ask(port: number): Promise<string | undefined> {
  await using client = new TcpClient(port);
  await eventually(() => client.text.includes("\n") || client.closed);
  return client.text.includes("\n") ? client.text.trim() : undefined;
}

function listing(port: number, ...replicas: readonly number[]): string {
  const services = [{ app: "/file/web", port, replicas: replicas.map((at) => `127.0.0.1:${at}`) }];
  return JSON.stringify({ services: replicas.length === 0 ? [] : services });
}

test("a file is served, followed when it is replaced, and believed when it lists nothing", async () => {
  await using one = await TcpReplica.start(named("one"));
  await using two = await TcpReplica.start(named("two"));
  using folder = new TemporaryFolder();
  const port = await freePort();
  folder.replace("services.json", listing(port, one.port));
  await using proxy = await RunningProxy.start(["--file", folder.file("services.json")]);
  await proxy.ready();
  assert.equal(await ask(port), "one");
  folder.replace("services.json", listing(port, two.port));
  await eventually(async () => (await ask(port)) === "two");
  folder.replace("services.json", "{ not json");
  await eventually(async () => (await proxy.text("/api/sources")).includes('"failures": 1'));
  assert.equal(await ask(port), "two");
  folder.replace("services.json", listing(port));
  await eventually(async () => (await proxy.table()).services.length === 0);
  assert.deepEqual(await (await proxy.get("/api/problems")).json(), []);
});

test("a service whose last replica is taken out of etcd is gone at once", async (t) => {
  if (etcdMissing !== false) {
    t.skip(etcdMissing);
    return;
  }
  await using replica = await TcpReplica.start(named("web"));
  await using etcd = await Etcd.start();
  const port = await freePort();
  await etcd.set(`/services/web/host:c1:${port}`, `127.0.0.1:${replica.port}`);
  const url = `etcd://127.0.0.1:${etcd.port}/services`;
  await using proxy = await RunningProxy.start(["--registrator", url]);
  await proxy.ready();
  assert.equal(await ask(port), "web");
  await etcd.delete(`/services/web/host:c1:${port}`);
  // A loss that is doubted takes twice as long.
  await eventually(async () => (await proxy.table()).services.length === 0);
});

test("Consul, Docker, DNS and etcd 3 are served by one program, and followed", async (t) => {
  if (etcdMissing !== false) {
    t.skip(etcdMissing);
    return;
  }
  await using replica = await TcpReplica.start(named("here"));
  await using etcd = await Etcd.start();
  await using consul = await ConsulStandIn.start();
  await using docker = await DockerStandIn.start();
  await using dns = await DnsStandIn.start();
  const ports = [await freePort(), await freePort(), await freePort(), await freePort()] as const;
  const [inConsul, inDocker, inDns, inEtcd] = ports;
  const meta = { "portolan-port": String(inConsul) };
  const instance = { id: "c-1", address: "127.0.0.1", port: replica.port, meta };
  consul.set("consul-web", [instance]);
  const published = { IP: "127.0.0.1", PrivatePort: 80, PublicPort: replica.port, Type: "tcp" };
  const container = { Labels: { "portolan.port": String(inDocker) }, Ports: [published] };
  docker.hold([{ Id: "0123456789abcdef", Names: ["/docker-web"], ...container }]);
  dns.set("_web._tcp.test", [{ target: "host.test", port: replica.port, ttl: 1 }]);
  dns.address("host.test", ["127.0.0.1"]);
  await etcd.set3(`/services/etcd-web/host:c1:${inEtcd}`, `127.0.0.1:${replica.port}`);
  const agents = ["--consul", consul.url.href, "--docker", docker.url];
  const names = ["--dns-srv", `_web._tcp.test=${inDns}`, "--dns-srv-servers", dns.server];
  const keys = ["--registrator", `etcd3://127.0.0.1:${etcd.port}/services`];
  await using proxy = await RunningProxy.start([...agents, ...names, ...keys]);
  await proxy.ready();
  for (const port of ports) assert.equal(await ask(port), "here");
  // What Consul, Docker and etcd say of an end is believed at once: a loss that is doubted takes twice as long.
  consul.set("consul-web", []);
  docker.hold([]);
  docker.tell("die", "0123456789abcdef");
  await etcd.delete3(`/services/etcd-web/host:c1:${inEtcd}`);
  await eventually(async () => {
    const { services } = await proxy.table();
    return (
      services
        .filter(({ replicas }) => replicas.length > 0)
        .map(({ port }) => port)
        .join() === String(inDns)
    );
  });
  await using other = await TcpReplica.start(named("there"));
  dns.set("_web._tcp.test", [{ target: "host.test", port: other.port, ttl: 1 }]);
  await eventually(async () => (await ask(inDns)) === "there");
  assert.deepEqual(await (await proxy.get("/api/problems")).json(), []);
});

test("a port that two sources feed is shared by the weights that each of them says", async () => {
  await using ours = await TcpReplica.start(named("file"));
  await using theirs = await TcpReplica.start(named("consul"));
  await using consul = await ConsulStandIn.start();
  using folder = new TemporaryFolder();
  const port = await freePort();
  const meta = { "portolan-port": String(port), "portolan-weight": "100" };
  consul.set("web", [{ id: "c-1", address: "127.0.0.1", port: theirs.port, meta }]);
  const replicas = [{ address: `127.0.0.1:${ours.port}`, weight: 900 }];
  const services = [{ app: "/web", port, options: { balance: "roundrobin" }, replicas }];
  folder.replace("s.json", JSON.stringify({ services }));
  const flags = ["--source-priority=file,consul", "--merge-sources"];
  const sources = ["--file", folder.file("s.json"), "--consul", consul.url.href];
  await using proxy = await RunningProxy.start([...sources, ...flags]);
  await proxy.ready();
  await proxy.service(port, (service) => service.replicas.length === 2);
  const answers: (string | undefined)[] = [];
  for (let client = 0; client < 50; client += 1) answers.push(await ask(port));
  assert.equal(answers.filter((name) => name === "file").length, 45);
  assert.equal(answers.filter((name) => name === "consul").length, 5);
  // From one platform to the other, connection by connection.
  folder.replace("s.json", JSON.stringify({ services: [{ ...services[0], replicas: [] }] }));
  await eventually(async () => (await ask(port)) === "consul" && (await ask(port)) === "consul");
  assert.equal(await ask(port), "consul");
});

test("Marathon has a port that registrator claims too, unless both may share it", async (t) => {
  if (etcdMissing !== false) {
    t.skip(etcdMissing);
    return;
  }
  await using ours = await TcpReplica.start(named("marathon"));
  await using theirs = await TcpReplica.start(named("registrator"));
  await using etcd = await Etcd.start();
  await using marathon = await startMarathon();
  const [port, free] = [await freePort(), await freePort()];
  marathon.putApp(app("/demo/web", port));
  place(marathon, "/demo/web", ours.port);
  await etcd.set(`/services/web/host:c1:${port}`, `127.0.0.1:${theirs.port}`);
  await etcd.set(`/services/own/host:c2:${free}`, `127.0.0.1:${theirs.port}`);
  const sources = ["--marathon", marathon.urls[0] ?? ""];
  const registrator = ["--registrator", `etcd://127.0.0.1:${etcd.port}/services`];
  {
    await using proxy = await RunningProxy.start([...sources, ...registrator]);
    await proxy.ready();
    assert.equal(await ask(port), "marathon");
    assert.equal(await ask(free), "registrator");
    const conflict = new RegExp(`tcp/${port} is already served for /demo/web`);
    assert.match(await proxy.text("/api/problems"), conflict);
    const late = await freePort();
    await etcd.set(`/services/late/host:c3:${late}`, `127.0.0.1:${theirs.port}`);
    await eventually(async () => (await ask(late)) === "registrator");
  }
  await using proxy = await RunningProxy.start([...sources, ...registrator, "--merge-sources"]);
  await proxy.ready();
  const heard = new Set<string | undefined>();
  await eventually(async () => {
    heard.add(await ask(port));
    return heard.has("marathon") && heard.has("registrator");
  });
  assert.deepEqual(await (await proxy.get("/api/problems")).json(), []);
});
