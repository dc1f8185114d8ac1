import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { ask, onStage } from "../support/fault-stage.ts";
import { freePort } from "../support/free-port.ts";
import { app, place } from "../support/marathon.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";

const lists = { path: /apps/ };

test("no status but 200 is an answer, and one refusal is told once (M04)", async () => {
  await onStage({}, async ({ marathon, proxy, port }) => {
    const { version } = await proxy.table();
    const failures = async (): Promise<number> =>
      (await proxy.metric("portolan_discovery_syncs_total", { result: "failed" })) ?? 0;
    for (const status of [401, 403, 429, 500, 502, 503]) {
      const before = await failures();
      marathon.setFault({ kind: "status", status }, lists);
      proxy.signal("SIGHUP");
      await eventually(async () => (await failures()) > before, { what: `failure by ${status}` });
      assert.equal(await proxy.text("/status"), "OK\n", "what is known is served");
    }
    assert.equal((await proxy.table()).version, version);
    assert.equal(await ask(port), "web");
    marathon.setFault(undefined);
    await proxy.logged("marathon can be read again");
    // Lines come in order, but not at once.
    const told = proxy.log.filter(({ msg }) => String(msg).includes("cannot be read"));
    assert.equal(told.length, 1);
  });
});

for (const fault of [
  { kind: "status", status: 502 },
  { kind: "empty" },
  { kind: "hang" },
] as const) {
  test(`a member that answers with ${fault.kind} costs a change nothing: the next one is asked (M04, M05, M12)`, async () => {
    await onStage({ marathon: { members: 2 } }, async ({ marathon, proxy, port, task }) => {
      // What a standby passes on comes from the leader, which must not be the one at fault.
      await marathon.electLeader(1);
      marathon.setFault(fault, { ...lists, member: 0 });
      marathon.setHealth(task, false);
      const isDown = ({ state }: { readonly state: string }): boolean => state === "down";
      await proxy.service(port, ({ replicas }) => replicas.every(isDown));
    });
  });
}

test("half of everything gone from a list is held back, what is new in it is served (M07)", async () => {
  await using fresh = await TcpReplica.start(named("fresh"));
  await using old = await TcpReplica.start(named("old"));
  const [port, lost] = [await freePort(), await freePort()];
  await onStage(
    {
      prepare: (marathon) => {
        marathon.putApp(app("/lost", lost));
        for (let copy = 0; copy < 6; copy += 1) place(marathon, "/lost", old.port);
      },
    },
    async ({ marathon, proxy }) => {
      marathon.putApp(app("/fresh", port));
      place(marathon, "/fresh", fresh.port);
      marathon.overrideApp("/lost", { tasks: [] });
      proxy.signal("SIGHUP");
      await eventually(async () => (await proxy.text("/api/problems")).includes("held-back"));
      assert.equal(await ask(lost), "old");
      assert.equal(await ask(port), "fresh");
      marathon.overrideApp("/lost", {});
      proxy.signal("SIGHUP");
      await eventually(async () => !(await proxy.text("/api/problems")).includes("held-back"));
    },
  );
});

test("an election ends the stream: it is opened at the new leader, and nothing is missed (M09)", async () => {
  await onStage({ marathon: { members: 3 } }, async ({ marathon, proxy, port, task }) => {
    await eventually(async () => (await proxy.metric("portolan_discovery_connected")) === 1);
    const streams = async (): Promise<number> =>
      (await proxy.metric("portolan_discovery_reconnects_total")) ?? 0;
    const before = await streams();
    await marathon.electLeader(2, { gapMs: 200 });
    await eventually(async () => (await streams()) > before);
    await eventually(async () => (await proxy.metric("portolan_discovery_connected")) === 1);
    assert.equal(await ask(port), "web");
    const looks = marathon.requests.length;
    marathon.setHealth(task, false);
    await proxy.service(port, ({ replicas }) => replicas[0]?.state === "down");
    assert.ok(marathon.requests.length - looks < 20, "no storm of looks");
  });
});

test("a stream that stays open and says nothing delays a change to the next look (M10, M11)", async () => {
  const args = ["--refresh-interval", "1s"];
  await onStage({ args }, async ({ marathon, proxy, port, task }) => {
    await eventually(async () => (await proxy.metric("portolan_discovery_connected")) === 1);
    marathon.setFault({ kind: "silent" });
    marathon.setHealth(task, false);
    await proxy.service(port, ({ replicas }) => replicas[0]?.state === "down");
  });
});

test("a body that stops half way is given up, and what is known stays (M13, M14)", async () => {
  await onStage({ marathon: { members: 2 } }, async ({ marathon, proxy, port }) => {
    const { version } = await proxy.table();
    for (const fault of [
      { kind: "truncate", bytes: 40 },
      { kind: "truncate", bytes: 40, framed: true },
      { kind: "close-delimited" },
      { kind: "reset" },
      { kind: "html" },
      { kind: "raw", payload: "\u0000".repeat(1 << 20) },
    ] as const) {
      const before = marathon.requests.length;
      marathon.setFault(fault, lists);
      proxy.signal("SIGHUP");
      await eventually(() => marathon.requests.length >= before + 2);
    }
    assert.equal((await proxy.table()).version, version);
    assert.equal(await ask(port), "web");
    marathon.setFault(undefined);
  });
});

test("without a Marathon what is known is served, checked and reported as old; ready it stays (M01, A14)", async () => {
  await onStage({ args: ["--refresh-interval", "1s"] }, async ({ marathon, proxy, port }) => {
    await marathon.stopMember(0);
    await proxy.logged(/^marathon cannot be read/);
    await eventually(async () => /"lastError": "(?!null)/.test(await proxy.text("/api/sources")));
    await proxy.logged("marathon cannot be read, what is known stays");
    for (const path of ["/status", "/ready"]) assert.equal((await proxy.get(path)).status, 200);
    assert.equal((await proxy.get("/healthz")).status, 200);
    assert.equal(await ask(port), "web");
    await eventually(async () => /"ageSeconds": [1-9]/.test(await proxy.text("/api/sources")));
    await marathon.startMember(0);
    await proxy.logged("marathon can be read again");
  });
});
