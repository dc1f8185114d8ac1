import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  chunks,
  fields,
  framing,
  hosts,
  targets,
  upgrades,
  type RawCase,
} from "../fixtures/http/requests.ts";
import { eventually } from "../support/eventually.ts";
import { ask, getOnce } from "../support/http-exchange.ts";
import { HttpFixture } from "../support/http-fixture.ts";
import { RecordingReplica } from "../support/http-replica.ts";
import { TcpClient } from "../support/tcp-client.ts";

function statusesIn(text: string): number[] {
  return [...text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map((match) => Number(match[1]));
}

interface Telling {
  readonly send: (client: TcpClient, bytes: Buffer) => Promise<void>;
  /** The replica has been asked before, so that a connection to it waits. */
  readonly isWarm?: boolean;
}

async function tell(given: RawCase, { send, isWarm = false }: Telling) {
  await using replica = await RecordingReplica.start();
  await using proxy = await HttpFixture.start([replica.port]);
  if (isWarm) await warmUp(proxy.port);
  const before = { bytes: replica.text.length, requests: replica.requests.length };
  await using client = await TcpClient.open(proxy.port);
  await send(client, Buffer.from(given.bytes, "latin1"));
  await eventually(() => statusesIn(client.text).length >= given.statuses.length, {
    what: `${given.statuses.length} answers, not ${JSON.stringify(client.text)}`,
    withinMs: 3000,
  });
  const isRefused = (given.statuses.at(-1) ?? 0) >= 400;
  if (isRefused) await eventually(() => client.ended, { what: "the end after a refusal" });
  await client[Symbol.asyncDispose]();
  await eventually(() => proxy.active === 0);
  assert.deepEqual(statusesIn(client.text), given.statuses);
  assert.ok(proxy.balanced);
  return {
    text: replica.text.slice(before.bytes),
    requests: replica.requests.slice(before.requests),
    answer: client.text,
  };
}

async function warmUp(port: number): Promise<void> {
  await using _ = await ask(port, getOnce());
}

async function atOnce(client: TcpClient, bytes: Buffer): Promise<void> {
  client.socket.write(bytes);
}

async function inHalves(client: TcpClient, bytes: Buffer): Promise<void> {
  const half = Math.floor(bytes.length / 2);
  client.socket.write(bytes.subarray(0, half));
  await eventually(() => client.socket.bytesWritten === half);
  await new Promise((resolve) => setImmediate(resolve));
  client.socket.write(bytes.subarray(half));
}

const groups = { framing, fields, hosts, targets, upgrades, chunks };

for (const [group, cases] of Object.entries(groups)) {
  suite(`requests as raw bytes: ${group} (W01)`, () => {
    for (const given of cases) {
      const fate = given.reaches.length === 0 ? "is refused" : "goes on";
      test(`${given.name} ${fate} with ${given.statuses.join(", ")}`, async () => {
        const { text, requests, answer } = await tell(given, { send: atOnce });
        assert.deepEqual(
          requests.map((request) => request.slice(0, request.indexOf("\r\n"))),
          given.reaches,
        );
        if (given.reaches.length === 0) assert.equal(text, "", "no byte reaches the replica");
        const lower = text.toLowerCase();
        for (const part of given.has ?? []) assert.ok(lower.includes(part), `${part} in ${text}`);
        for (const part of given.hasNot ?? []) assert.ok(!lower.includes(part), text);
        if (given.reaches.length === 0) {
          assert.match(answer, /\r\nConnection: close\r\n/);
          assert.match(answer, /\r\n\r\n[a-z-]+\n$/, "a word, and nothing of what was asked");
        }
      });
    }
    test("the same to a replica that is connected already: of what is refused no byte gets there", async () => {
      for (const given of cases) {
        const { text, requests } = await tell(given, { send: atOnce, isWarm: true });
        assert.equal(requests.length, given.reaches.length, given.name);
        if (given.reaches.length === 0) assert.equal(text, "", given.name);
      }
    });
    test("the same in two pieces: what is refused is nowhere a whole request", async () => {
      for (const given of cases) {
        const { requests } = await tell(given, { send: inHalves });
        assert.equal(requests.length, given.reaches.length, given.name);
      }
    });
  });
}
