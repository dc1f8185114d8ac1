import assert from "node:assert/strict";
import { connect } from "node:net";
import { suite, test } from "node:test";

import type { Credentials } from "../../src/health/secrets.ts";
import type { CheckKind } from "../../src/model/check.ts";
import { noSocketLeft, probe, targetAt } from "../contract/probe-contract.ts";
import { eventually } from "../support/eventually.ts";
import { isMissing, TemporaryDirectory } from "../support/real-server.ts";
import { RealRedis } from "../support/redis.ts";

async function ask(port: number, kind: CheckKind, credentials?: Credentials): Promise<string> {
  const { reason } = await probe(targetAt(port, { kind }, { credentials }));
  return reason.replace(/ in \d+ ms$/, "");
}

async function isClearlyNoMaster(port: number): Promise<void> {
  const result = await probe(targetAt(port, { kind: "redis-master" }));
  assert.match(result.reason, /^role:slave in \d+ ms$/);
  assert.ok(result.kind === "bad" && result.decisive);
}

suite("probes of a real Redis", { skip: isMissing("redis-server"), timeout: 60_000 }, () => {
  test("any Redis answers; only a master is a master, only a replica a slave, after a swap too", async () => {
    using directory = new TemporaryDirectory();
    await using one = await RealRedis.start(directory);
    await using other = await RealRedis.start(directory, ["--replicaof", `127.0.0.1 ${one.port}`]);
    const roles = async (): Promise<string[]> => [
      await ask(one.port, "redis-master"),
      await ask(other.port, "redis-slave"),
    ];
    assert.equal(await ask(one.port, "redis"), "L7OK/PONG");
    assert.equal(await ask(other.port, "redis"), "L7OK/PONG");
    assert.deepEqual(await roles(), ["role:master", "role:slave"]);

    await isClearlyNoMaster(other.port);

    assert.equal(await other.tell("REPLICAOF NO ONE"), "+OK\r\n");
    assert.match(await one.tell(`REPLICAOF 127.0.0.1 ${other.port}`), /^\+OK/);
    assert.deepEqual(await roles(), ["role:slave", "role:master"]);
    assert.equal(await ask(other.port, "redis-master"), "role:master");
    await isClearlyNoMaster(one.port);
  });

  test("a password is needed where one is required, and does no harm where none is (HC05)", async () => {
    using directory = new TemporaryDirectory();
    await using locked = await RealRedis.start(directory, ["--requirepass", "sesame"]);
    await using open = await RealRedis.start(directory);
    const refused = await probe(targetAt(locked.port, { kind: "redis" }));
    assert.deepEqual(refused, {
      kind: "bad",
      reason: "L7RSP: -NOAUTH Authentication required.",
      decisive: false,
      silent: false,
    });
    assert.match(await ask(locked.port, "redis", { password: "simsim" }), /^L7RSP: -WRONGPASS /);
    const password = "sesame";
    assert.equal(await ask(locked.port, "redis", { password }), "L7OK/PONG");
    assert.equal(
      await ask(locked.port, "redis-master", { username: "default", password }),
      "role:master",
    );
    assert.equal(await ask(open.port, "redis-master", { password }), "role:master");
  });

  test("a Redis that is busy with a script is out, and says why (HC05)", async () => {
    using directory = new TemporaryDirectory();
    await using redis = await RealRedis.start(directory, ["--busy-reply-threshold", "1"]);
    const looping = connect(redis.port, "127.0.0.1");
    looping.on("error", () => undefined);
    looping.write('EVAL "while true do end" 0\r\n');
    await eventually(async () => (await ask(redis.port, "redis")).startsWith("L7RSP: -BUSY"));
    assert.match(await redis.tell("SCRIPT KILL"), /^\+OK/);
    await eventually(async () => (await ask(redis.port, "redis")) === "L7OK/PONG");
    looping.destroy();
  });

  test("nothing is left open", noSocketLeft);
});
