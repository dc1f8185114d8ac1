import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { getuid } from "node:process";
import { test } from "node:test";
import { DnsStandIn } from "../support/dns-stand-in.ts";
import { eventually } from "../support/eventually.ts";
import { ask } from "../support/fault-stage.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { readSamples } from "../support/samples.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

/** Where the system's resolver asks; other tests have other addresses. */
const server = "127.0.0.53";

/** A command that runs another one whose system asks the name servers of this file. */
function asking(resolvers: string): string[] {
  const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
  return ["unshare", "--mount", "sh", "-c", script, resolvers];
}

function lacksResolver(): string | false {
  if (getuid?.() !== 0) return "a name server on port 53 and a mount of its own take root";
  const [file = "", ...args] = asking("/etc/resolv.conf");
  const { status, stderr } = spawnSync(file, [...args, "true"], { encoding: "utf8" });
  return status === 0 ? false : `no mounts of its own here: ${stderr?.trim()}`;
}

test(
  "names of the system's resolver that are slow or wrong delay and cost only their own replicas (L21)",
  { skip: lacksResolver() },
  async () => {
    await using names = await DnsStandIn.start({ host: server, port: 53 });
    names.set("slow.test", "silence");
    names.address("good.test", ["127.0.0.1"]);
    using folder = new TemporaryFolder();
    folder.replace("resolv.conf", `nameserver ${server}\noptions timeout:30 attempts:1\n`);
    await using web = await TcpReplica.start(named("web"));
    await using marathon = await startMarathon();
    const ports = new Map<string, number>();
    for (const id of ["/plain", "/good", "/wrong", "/slow"]) {
      const port = await freePort();
      ports.set(id, port);
      marathon.putApp({ ...app(id, port), healthChecks: [] });
      if (id === "/plain") place(marathon, id, web.port);
      else marathon.addTask(id, { host: `${id.slice(1)}.test`, ports: [web.port], health: true });
    }
    const portOf = (id: string): number => ports.get(id) ?? 0;
    await using proxy = await RunningProxy.start(
      ["--marathon", marathon.urls[0] ?? ""],
      {},
      { within: asking(folder.file("resolv.conf")) },
    );
    await proxy.ready();
    for (const id of ["/plain", "/good"]) assert.equal(await ask(portOf(id)), "web");
    const apps = async (): Promise<string> =>
      (await proxy.table()).services
        .map(({ app: id }) => id)
        .toSorted()
        .join();
    const first = await proxy.logged("routing changed");
    assert.match(JSON.stringify(first), /\/plain/);
    assert.doesNotMatch(JSON.stringify(first), /\/slow/, "nobody waits for it");
    // What has no address after its time is left out, and told.
    await eventually(async () => (await apps()) === "/good,/plain,/slow,/wrong");
    const told = await proxy.text("/api/problems");
    for (const id of ["slow", "wrong"]) assert.match(told, new RegExp(`host ${id}\\.test has no`));
    assert.equal(await ask(portOf("/good")), "web");
  },
);

test(
  "a name that leads to an address that nobody may reach through us is never dialled (X10)",
  { skip: lacksResolver() },
  async () => {
    const addresses = ["169.254.169.254", "224.0.0.1", "255.255.255.255", "240.0.0.1"];
    await using names = await DnsStandIn.start({ host: server, port: 53 });
    for (const [index, address] of addresses.entries())
      names.address(`evil${index}.test`, [address]);
    names.address("good.test", ["127.0.0.1"]);
    using folder = new TemporaryFolder();
    folder.replace("resolv.conf", `nameserver ${server}\n`);
    await using web = await TcpReplica.start(named("web"));
    await using marathon = await startMarathon();
    const ports: number[] = [];
    for (const index of addresses.keys()) {
      const port = await freePort();
      ports.push(port);
      marathon.putApp({ ...app(`/evil/${index}`, port), healthChecks: [] });
      for (const host of [`evil${index}.test`, "good.test"]) {
        marathon.addTask(`/evil/${index}`, { host, ports: [web.port], health: true });
      }
    }
    await using proxy = await RunningProxy.start(
      ["--marathon", marathon.urls[0] ?? "", "--log-level", "debug"],
      {},
      { within: asking(folder.file("resolv.conf")) },
    );
    await proxy.ready();
    for (const [index, port] of ports.entries()) {
      const { replicas } = await proxy.service(port, (one) => one.replicas.length === 2);
      const refused = replicas.filter(
        ({ address }) => address === `${addresses[index]}:${web.port}`,
      );
      assert.deepEqual(
        refused.map(({ state, reason }) => [state, reason]),
        [["down", "its address is link-local, multicast or reserved"]],
      );
      for (let count = 0; count < 5; count += 1) assert.equal(await ask(port), "web");
    }
    const tried = readSamples(await proxy.text("/metrics")).filter(
      ({ name, value }) => name === "portolan_replica_retries_total" && value > 0,
    );
    assert.deepEqual(tried, [], "each went to the right one at once");
  },
);
