import assert from "node:assert/strict";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, suite, test } from "node:test";

import type { CheckPolicy } from "../../src/model/check.ts";
import { noSocketLeft, probe, targetAt } from "../contract/probe-contract.ts";
import { eventually } from "../support/eventually.ts";

interface UdpReplica extends AsyncDisposable {
  readonly port: number;
  readonly heard: Buffer[];
}

type Serve = (socket: Socket, message: Buffer, from: RemoteInfo) => void;

const silent: Serve = () => undefined;

async function startReplica(serve: Serve): Promise<UdpReplica> {
  const heard: Buffer[] = [];
  const socket = createSocket("udp4");
  socket.on("error", () => undefined);
  socket.on("message", (message, from) => {
    heard.push(message);
    serve(socket, message, from);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  return {
    port,
    heard,
    async [Symbol.asyncDispose]() {
      socket.close();
      await once(socket, "close");
    },
  };
}

/** Answers each datagram with these, in order. */
function saying(...answers: readonly (string | Buffer)[]): Serve {
  return (socket, _, { port, address }) => {
    for (const answer of answers) socket.send(answer, port, address);
  };
}

async function ask(port: number, check: Partial<CheckPolicy>): Promise<string> {
  const { kind, reason } = await probe(targetAt(port, { kind: "udp", ...check }));
  return `${kind}: ${reason.replace(/ in \d+ ms$/, "")}`;
}

suite("udp probe", { timeout: 30_000 }, () => {
  afterEach(noSocketLeft);

  test("sends the payload and takes any answer, even an empty one", async () => {
    await using replica = await startReplica(saying(""));
    assert.equal(await ask(replica.port, { send: "\\x00ping\\n" }), "good: L7OK");
    assert.equal(await ask(replica.port, {}), "good: L7OK");
    assert.deepEqual(replica.heard, [Buffer.from("\0ping\n"), Buffer.alloc(0)]);
  });

  test("waits for the answer that holds the expected bytes", async () => {
    await using replica = await startReplica(saying("late", "", "a pong!"));
    assert.equal(await ask(replica.port, { send: "ping", expect: "pong" }), "good: L7OK");
  });

  test("another answer is none", async () => {
    await using replica = await startReplica(saying("nope"));
    const reason = await ask(replica.port, { send: "ping", expect: "pong", timeoutMs: 1000 });
    assert.equal(reason, "bad: L7TOUT: not answered within 4 bytes");
  });

  test("silence", async () => {
    await using replica = await startReplica(silent);
    assert.equal(await ask(replica.port, { send: "x", timeoutMs: 200 }), "bad: L7TOUT");
  });

  test("nobody is there", async () => {
    const gone = await startReplica(silent);
    const { port } = gone;
    await gone[Symbol.asyncDispose]();
    assert.equal(await ask(port, { send: "x" }), "bad: L4CON: refused");
  });

  test("a flood of other answers is cut off", async () => {
    const chunk = Buffer.alloc(8192, "x");
    await using replica = await startReplica(saying(...Array.from({ length: 9 }, () => chunk)));
    const reason = await ask(replica.port, { send: "x", expect: "pong" });
    assert.equal(reason, "bad: L7RSP: longer than 64 KiB");
  });

  test("only the replica itself can answer", async () => {
    const stranger = createSocket("udp4");
    stranger.on("error", () => undefined);
    await using replica = await startReplica((_, message, { port, address }) => {
      stranger.send(message, port, address);
    });
    assert.equal(await ask(replica.port, { send: "x", timeoutMs: 200 }), "bad: L7TOUT");
    stranger.close();
    await once(stranger, "close");
  });

  test("a preface goes before the payload, in the same datagram", async () => {
    await using replica = await startReplica(saying("ok"));
    const preface = Buffer.from("hello ");
    const result = await probe(targetAt(replica.port, { kind: "udp", send: "world" }, { preface }));
    assert.equal(result.kind, "good");
    assert.deepEqual(replica.heard, [Buffer.from("hello world")]);
  });

  test("an abort in the middle ends it at once", async () => {
    await using replica = await startReplica(silent);
    const controller = new AbortController();
    const running = probe(targetAt(replica.port, { kind: "udp", send: "x" }), controller.signal);
    await eventually(() => replica.heard.length > 0);
    controller.abort();
    assert.deepEqual(await running, { kind: "void", reason: "SOCKERR: aborted" });
  });

  test("an abort before it is connected", async () => {
    await using replica = await startReplica(silent);
    const controller = new AbortController();
    const running = probe(targetAt(replica.port, { kind: "udp", send: "x" }), controller.signal);
    controller.abort();
    assert.equal((await running).kind, "void");
  });
});
