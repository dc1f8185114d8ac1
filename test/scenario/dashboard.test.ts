import assert from "node:assert/strict";
import { test } from "node:test";
import { DashboardStage } from "../support/dashboard-stage.ts";
import { eventually } from "../support/eventually.ts";
import { LiveClient } from "../support/live-client.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";
import { Store } from "../../src/admin/dashboard/client/store.ts";

/** What a dashboard knows that has heard these events. */
function heard({ events }: LiveClient): Store {
  const store = new Store();
  for (const { type, data } of events) {
    const told = JSON.parse(JSON.stringify(data));
    if (type === "full") store.begin(told, 0);
    else if (type === "replicas") store.takeReplicas(told);
    else store.take(told, 0);
  }
  return store;
}

test("the live view follows connections, a replica that dies, and what the routing made of it", async () => {
  await using one = await TcpReplica.start(named("one"));
  await using two = await TcpReplica.start(named("two"));
  await using stage = await DashboardStage.start([{ app: "/shop/web", replicas: [one, two] }]);
  const port = stage.port("/shop/web");
  const key = `tcp/${port}`;
  using client = new LiveClient(new URL(stage.url).host, `?open=${key}`);
  const service = (): ReturnType<Store["services"]["get"]> => heard(client).services.get(key);
  await eventually(() => heard(client).replicas.get(key)?.size === 2);
  assert.deepEqual(
    [service()?.app, service()?.up, service()?.total, service()?.listening],
    ["/shop/web", 2, 2, [`127.0.0.1:${port}`]],
  );
  {
    await using visitor = new TcpClient(port);
    await eventually(() => visitor.text !== "");
    await eventually(() => heard(client).traffic.get(key)?.[0] === 1);
    await eventually(() => {
      const replicas = [...(heard(client).replicas.get(key)?.values() ?? [])];
      const open = replicas.map(({ traffic }) => traffic[0]);
      return open.toSorted().join() === "0,1";
    });
  }
  await eventually(() => heard(client).traffic.get(key)?.[0] === 0);
  await eventually(() => heard(client).traffic.get(key)?.[1] === 0, { what: "a rate of 0 again" });
  await two[Symbol.asyncDispose]();
  await eventually(() => service()?.up === 1, { withinMs: 20_000 });
  assert.match(service()?.out ?? "", new RegExp(`^127\\.0\\.0\\.1:${two.port} down: probe L4CON`));
  await eventually(() => {
    const dead = heard(client).replicas.get(key)?.get(`127.0.0.1:${two.port}`);
    return dead?.state === "down" && dead.reason.includes("L4CON");
  });
  const [newest] = heard(client).routing;
  assert.match(newest?.line ?? "", new RegExp(`^changed ${key} /shop/web: .* up → down`));
  assert.equal(newest?.version, heard(client).head?.table);
});

test("an endless stream holds up neither a drain nor the end", async () => {
  await using stage = await DashboardStage.start([{ app: "/a", replicas: [] }]);
  using client = new LiveClient(new URL(stage.url).host);
  await eventually(() => client.count("full") === 1);
  stage.proxy.signal("SIGTERM");
  assert.equal(await stage.proxy.exit(), 0);
});
