import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { request } from "node:http";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { TcpReplica } from "../support/tcp-replica.ts";

const pieces = 64;
const piece = Buffer.alloc(64 * 1024);
for (let at = 0; at < piece.length; at += 1) piece[at] = (at * 7) % 251;
const total = pieces * piece.length;
const whole = createHash("sha256");
for (let count = 0; count < pieces; count += 1) whole.update(piece);
const digest = whole.digest("hex");

/** Sends the first half at once, and the other one when the signal has been given. */
async function pour(stream: NodeJS.WritableStream, given: Promise<void>): Promise<void> {
  for (let count = 0; count < pieces; count += 1) {
    if (count === pieces / 2) await given;
    if (!stream.write(piece)) await once(stream, "drain");
  }
  stream.end();
}

/** What arrives, as far as it has. */
class Received {
  bytes = 0;
  ended = false;
  readonly #hash = createHash("sha256");

  take(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.#hash.update(chunk);
  }

  /** Of all of it, at its end. */
  digest(): string {
    return this.#hash.digest("hex");
  }
}

function receive(stream: NodeJS.ReadableStream): Received {
  const received = new Received();
  stream.on("data", (chunk: Buffer) => received.take(chunk));
  stream.on("end", () => {
    received.ended = true;
  });
  return received;
}

async function withProxy(
  serve: (socket: Socket) => void,
  labels: Readonly<Record<string, string>>,
  story: (proxy: RunningProxy, port: number) => Promise<void>,
): Promise<void> {
  await using replica = await TcpReplica.start(serve);
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp({ ...app("/web", port), labels });
  place(marathon, "/web", replica.port);
  await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""]);
  await proxy.ready();
  await story(proxy, port);
  assert.equal(await proxy.exit(), 0);
}

const half = total / 2;

test("SIGTERM in the middle of an upload and a download: every byte arrives on both sides (L04)", async () => {
  const signal = Promise.withResolvers<void>();
  const uploads: Received[] = [];
  const serve = (socket: Socket): void => {
    // A probe sends nothing; who talks gets the download, at the same time.
    const upload = receive(socket);
    socket.once("data", () => {
      uploads.push(upload);
      void pour(socket, signal.promise);
    });
    socket.on("end", () => {
      if (upload.bytes === 0) socket.end();
    });
  };
  await withProxy(serve, {}, async (proxy, port) => {
    const client = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    let failure: Error | undefined;
    client.on("error", (error) => {
      failure = error;
    });
    const download = receive(client);
    const poured = pour(client, signal.promise);
    await eventually(() => uploads[0]?.bytes === half && download.bytes === half);
    proxy.signal("SIGTERM");
    await proxy.logged("draining");
    signal.resolve();
    await poured;
    await eventually(() => uploads[0]?.ended === true && download.ended, { what: "both ends" });
    assert.deepEqual([uploads[0]?.digest(), download.digest()], [digest, digest]);
    assert.equal(failure, undefined);
    client.destroy();
  });
});

test("SIGTERM in the middle of an HTTP request and its answer: both are whole, and the connection ends with them (L04)", async () => {
  const signal = Promise.withResolvers<void>();
  const uploads: Received[] = [];
  const serve = (socket: Socket): void => {
    const upload = new Received();
    const asked = Promise.withResolvers<void>();
    let head = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      if (uploads.includes(upload)) {
        upload.take(chunk);
        if (upload.bytes === total) asked.resolve();
        return;
      }
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      uploads.push(upload);
      upload.take(head.subarray(end + 4));
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
      // An answer that is over before its request is would end that, too.
      void pour(socket, asked.promise);
    });
    socket.on("end", () => socket.end());
  };
  const labels = { "portolan.0.mode": "http", "portolan.0.check": "tcp" };
  await withProxy(serve, labels, async (proxy, port) => {
    const headers = { "content-length": total, connection: "keep-alive" };
    const asked = request({ port, host: "127.0.0.1", method: "POST", path: "/", headers });
    let failure: Error | undefined;
    asked.on("error", (error) => {
      failure = error;
    });
    const poured = pour(asked, signal.promise);
    const [response] = await once(asked, "response");
    const download = receive(response);
    await eventually(() => uploads[0]?.bytes === half && download.bytes === half);
    proxy.signal("SIGTERM");
    await proxy.logged("draining");
    signal.resolve();
    await poured;
    await eventually(() => download.ended && uploads[0]?.bytes === total, { what: "both ends" });
    assert.deepEqual([uploads[0]?.digest(), download.digest()], [digest, digest]);
    assert.equal(failure, undefined);
  });
});
