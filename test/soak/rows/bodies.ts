import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, request, type IncomingMessage } from "node:http";
import { freePort } from "../../support/free-port.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";
import { onLoadStage } from "../load-stage.ts";
import { peakMegabytes } from "../process-figures.ts";

const piece = Buffer.from(Array.from({ length: 1 << 16 }, (_, index) => (index * 31) % 251));
const pieces = 16_384;

async function send(to: NodeJS.WritableStream): Promise<string> {
  const hash = createHash("sha1");
  for (let count = 0; count < pieces; count += 1) {
    hash.update(piece);
    if (!to.write(piece)) await once(to, "drain");
  }
  to.end();
  return hash.digest("hex");
}

async function digest(from: IncomingMessage): Promise<string> {
  const hash = createHash("sha1");
  from.on("data", (bytes: Buffer) => hash.update(bytes));
  await once(from, "end");
  assert.ok(from.complete);
  return hash.digest("hex");
}

async function textOf(from: IncomingMessage): Promise<string> {
  let text = "";
  from.on("data", (bytes: Buffer) => (text += bytes.toString()));
  await once(from, "end");
  return text;
}

/** A gibibyte up and one down, with a length and in chunks. */
async function largeBodies({ tell }: LoadOptions): Promise<void> {
  await using server = createServer((asked, answer) => {
    const length = asked.url === "/length" ? { "content-length": piece.length * pieces } : {};
    if (asked.method === "GET") {
      answer.writeHead(200, length);
      void send(answer);
      return;
    }
    void digest(asked).then((hash) => answer.end(hash));
  });
  server.on("error", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("no port");
  const port = await freePort();
  const service = { app: "/bodies", port, options: { mode: "http" }, replicas: [bound.port] };
  await onLoadStage({ services: [service] }, async ({ proxy }) => {
    const before = peakMegabytes(proxy.pid);
    const want = createHash("sha1");
    for (let count = 0; count < pieces; count += 1) want.update(piece);
    const expected = want.digest("hex");
    for (const path of ["/length", "/chunks"]) {
      for (const method of ["GET", "POST"]) {
        const startedAt = performance.now();
        const length = path === "/length" && method === "POST" ? piece.length * pieces : undefined;
        const headers = length === undefined ? {} : { "content-length": length };
        const asking = request({ port, host: "127.0.0.1", path, method, headers, agent: false });
        const response = new Promise<IncomingMessage>((resolve, reject) => {
          asking.once("response", resolve);
          asking.once("error", reject);
        });
        if (method === "POST") await send(asking);
        else asking.end();
        const answer = await response;
        assert.equal(answer.statusCode, 200);
        assert.equal(await (method === "GET" ? digest(answer) : textOf(answer)), expected);
        const seconds = (performance.now() - startedAt) / 1000;
        tell(`${method} ${path}: ${Math.round(1024 / seconds)} MiB a second`);
      }
    }
    const grown = peakMegabytes(proxy.pid) - before;
    tell(`${Math.round(grown)} MB more at most`);
    assert.ok(grown < 128, `${grown} MB`);
  });
}

export const bodyRows: readonly LoadRow[] = [
  { id: "W17", what: "1 GiB up and down, with a length and in chunks", run: largeBodies },
];
