import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { suite, test } from "node:test";
import type { RawCase } from "../fixtures/http/requests.ts";
import { eventually } from "../support/eventually.ts";
import { HttpFixture } from "../support/http-fixture.ts";
import { startPeer } from "../support/http-peers.ts";
import { RecordingReplica } from "../support/http-replica.ts";
import { goingOn, toUnderstood, type Understood } from "../support/http-understood.ts";
import { isMissing } from "../support/real-server.ts";
import { TcpClient } from "../support/tcp-client.ts";

/** A replica with a parser of its own, and what it understood. */
interface Backend extends AsyncDisposable {
  readonly port: number;
  readonly understood: () => readonly Understood[];
}

/** One that forwards what it understood to where every byte is kept. */
async function forwarding(kind: "nginx" | "haproxy"): Promise<Backend> {
  const stack = new AsyncDisposableStack();
  const last = stack.use(await RecordingReplica.start());
  const { port } = stack.use(await startPeer(kind, last.port));
  return {
    port,
    understood: () => last.requests.map(toUnderstood),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function node(): Promise<Backend> {
  const requests: Understood[] = [];
  const server = createServer((message, response) => {
    let body = "";
    message.setEncoding("latin1");
    message.on("data", (text: string) => (body += text));
    message.on("end", () => {
      const line = `${message.method} ${message.url}`;
      requests.push({ line, host: message.headers.host, body });
      response.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  assert.ok(bound !== null && typeof bound === "object");
  return {
    port: bound.port,
    understood: () => requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** What the replica behind us makes of one case, and what the client is told. */
async function through(
  backend: Backend,
  given: RawCase,
): Promise<{ readonly statuses: readonly number[]; readonly understood: readonly Understood[] }> {
  await using proxy = await HttpFixture.start([backend.port]);
  await using client = await TcpClient.open(proxy.port);
  client.socket.write(Buffer.from(given.bytes, "latin1"));
  const statuses = (): number[] =>
    Array.from(client.text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm), ([, status]) => Number(status));
  await eventually(() => statuses().length >= given.statuses.length, {
    what: `an answer to ${given.name}, not ${client.text}`,
  });
  return { statuses: statuses(), understood: backend.understood() };
}

const backends = {
  nginx: {
    skip: isMissing("nginx"),
    start: () => forwarding("nginx"),
    refused: new Map([["options-star", "it knows no target but a path"]]),
  },
  haproxy: {
    skip: isMissing("haproxy"),
    start: () => forwarding("haproxy"),
    refused: new Map([
      ["hdr-127", "it takes 101 fields"],
      ["ws-upgrade-not-taken", "it wants the key of a WebSocket"],
    ]),
  },
  node: { skip: false, start: node, refused: new Map<string, string>() },
} as const;

for (const [kind, { skip, start, refused }] of Object.entries(backends)) {
  suite(`what we let through, understood by ${kind} as a replica (W02)`, { skip }, () => {
    for (const given of goingOn) {
      const why = refused.get(given.name);
      const fate =
        why === undefined
          ? "as many requests as reach it, each with its line, host and body"
          : `refused by it, as ${why}`;
      test(`${given.name}: ${fate}`, async () => {
        await using backend = await start();
        const got = await through(backend, given);
        if (why !== undefined) {
          assert.deepEqual(got, { statuses: [400], understood: [] });
          return;
        }
        await using plain = await RecordingReplica.start();
        const straight: Backend = Object.assign(plain, {
          understood: () => plain.requests.map(toUnderstood),
        });
        const want = await through(straight, given);
        assert.deepEqual(want.statuses, given.statuses);
        assert.equal(want.understood.length, given.reaches.length);
        assert.deepEqual(got, want);
      });
    }
  });
}
