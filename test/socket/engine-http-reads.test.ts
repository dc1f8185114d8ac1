import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { answering, ask, get, getOnce } from "../support/http-exchange.ts";
import { HttpFixture } from "../support/http-fixture.ts";
import { TcpClient } from "../support/tcp-client.ts";

// Answers of all replicas are read into one piece of memory: each must reach its own client as it was.

test("an answer that comes in two halves is whole, whatever others are answered in between", async () => {
  const waiting = new Map<string, Socket>();
  const body = (target: string): string => target.slice(1).repeat(500);
  await using replica = await answering((socket, head) => {
    const target = head.split(" ")[1] ?? "";
    const length = body(target).length;
    // The first half ends within the head.
    socket.write(`HTTP/1.1 200 OK\r\nX-Target: ${target}\r\nContent-Le`);
    if (target === "/between") socket.write(`ngth: ${length}\r\n\r\n${body(target)}`);
    else waiting.set(target, socket);
  });
  await using proxy = await HttpFixture.start([replica.port]);
  await using one = new TcpClient(proxy.port);
  await using other = new TcpClient(proxy.port);
  const clients = [
    { target: "/one", client: one },
    { target: "/other", client: other },
  ];
  for (const { target, client } of clients) client.socket.write(get(target));
  await eventually(() => waiting.size === 2);
  for (let round = 0; round < 5; round += 1) {
    const between = await ask(proxy.port, getOnce("/between"));
    assert.ok(between.text.endsWith(`\r\n\r\n${body("/between")}`), between.text);
  }
  for (const [target, socket] of waiting) {
    socket.write(`ngth: ${body(target).length}\r\n\r\n${body(target)}`);
  }
  for (const { target, client } of clients) {
    await eventually(() => client.text.endsWith(body(target)));
    assert.ok(client.text.includes(`X-Target: ${target}\r\n`), client.text.slice(0, 300));
  }
});

test("long answers that clients take at their leisure are what their replicas sent", async () => {
  const bytes = 3_000_000;
  const piece = (target: string, at: number): Buffer =>
    Buffer.alloc(20_000, `${target} ${at} `, "latin1");
  await using replica = await answering((socket, head) => {
    const target = head.split(" ")[1] ?? "";
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n`);
    for (let at = 0; at < bytes; at += 20_000) socket.write(piece(target, at));
  });
  await using proxy = await HttpFixture.start([replica.port]);
  const targets = ["/a", "/b", "/c", "/d"];
  const digests = await Promise.all(
    targets.map(async (target) => {
      await using client = new TcpClient(proxy.port);
      const hash = createHash("sha256");
      let taken = 0;
      let head = "";
      client.socket.write(getOnce(target));
      client.socket.removeAllListeners("data");
      client.socket.on("data", (chunk: Buffer) => {
        const text = head.includes("\r\n\r\n") ? "" : chunk.toString("latin1");
        const end = text.indexOf("\r\n\r\n");
        const body = text === "" ? chunk : chunk.subarray(end + 4);
        head += text.slice(0, end + 4);
        taken += body.length;
        hash.update(body);
        // It stops every now and then, so that what was read for it has to wait.
        client.socket.pause();
        setImmediate(() => client.socket.resume());
      });
      await eventually(() => taken === bytes, { withinMs: 30_000 });
      return hash.digest("hex");
    }),
  );
  for (const [index, target] of targets.entries()) {
    const whole = createHash("sha256");
    for (let at = 0; at < bytes; at += 20_000) whole.update(piece(target, at));
    assert.equal(digests[index], whole.digest("hex"), target);
  }
});
