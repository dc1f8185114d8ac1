import assert from "node:assert/strict";
import { test } from "node:test";
import { Bindings } from "../../../src/workers/bindings.ts";

const key = "tcp/80";
const address = { host: "127.0.0.1", port: 80 };
const listening = { kind: "listening", key, address } as const;
const failed = { kind: "bind-failed", key, address, code: "EACCES" } as const;
const closed = { kind: "closed", key, address } as const;

test("an address listens when every worker has bound it, and no longer when one died", () => {
  const bindings = new Bindings(2);
  bindings.note(0, listening);
  assert.deepEqual(bindings.listening(key), []);
  bindings.note(1, listening);
  assert.deepEqual(bindings.listening(key), ["127.0.0.1:80"]);
  bindings.forget(1);
  assert.deepEqual(bindings.listening(key), []);
  bindings.note(1, listening);
  bindings.note(0, closed);
  bindings.note(1, closed);
  assert.deepEqual(bindings.listeners(key), []);
});

test("a failure is news once, counted each time, explained, and over when the bind works", () => {
  const bindings = new Bindings(1);
  assert.equal(bindings.note(0, failed), true);
  assert.equal(bindings.note(0, failed), false);
  assert.equal(bindings.errors.get("EACCES"), 2);
  const [problem] = bindings.problems(() => "/web");
  assert.equal(problem?.subject, "/web");
  assert.match(
    problem?.reason ?? "",
    /^cannot listen on 127\.0\.0\.1:80: EACCES, ports below 1024 need/,
  );
  bindings.note(0, listening);
  assert.deepEqual(
    bindings.problems(() => "/web"),
    [],
  );
});

test("the failed wish of a service that is gone is forgotten", () => {
  const bindings = new Bindings(1);
  bindings.note(0, failed);
  bindings.keepOnly(new Set());
  assert.deepEqual(
    bindings.problems(() => "/web"),
    [],
  );
});

test("what some worker has bound is held, what some worker cannot bind is missing, and it may be both", () => {
  const bindings = new Bindings(2);
  bindings.note(0, listening);
  assert.deepEqual([bindings.held(), bindings.missing()], [["tcp/80 127.0.0.1:80"], []]);
  bindings.note(1, failed);
  assert.deepEqual(bindings.missing(), ["tcp/80 127.0.0.1:80"]);
  bindings.note(1, listening);
  assert.deepEqual(bindings.missing(), []);
  bindings.note(0, closed);
  bindings.note(1, closed);
  assert.deepEqual([bindings.held(), bindings.missing()], [[], []]);
});

test("it knows how many TCP sockets there should be on each address", () => {
  const bindings = new Bindings(2);
  bindings.note(0, listening);
  bindings.note(1, listening);
  bindings.note(0, { ...listening, key: "udp/80" });
  assert.deepEqual(bindings.sockets(), new Map([["127.0.0.1:80", { key, count: 2 }]]));
  bindings.note(1, closed);
  assert.deepEqual(bindings.sockets().get("127.0.0.1:80")?.count, 1);
  bindings.note(0, closed);
  assert.equal(bindings.sockets().size, 0);
});
