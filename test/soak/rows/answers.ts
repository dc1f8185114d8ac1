import assert from "node:assert/strict";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Writable } from "node:stream";
import { Song } from "../../support/canary.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { RunningProxy } from "../../support/running-proxy.ts";
import { app, json, ScriptedMarathon } from "../../support/scripted-marathon.ts";
import { echo, TcpReplica } from "../../support/tcp-replica.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";
import { peakMegabytes, residentMegabytes } from "../process-figures.ts";

/** Longest answer that is taken, and how much more a sender may have sent when it is cut, in MiB. */
const [cap, onTheWay] = [256, 64];
/** Longest event, and how much more may be in use because of one, in MiB. */
const [longestEvent, moreForEvents] = [8, 64];
const ownCanary = "none: one that the same Marathon lists sings here";
const [mib, gib] = [2 ** 20, 2 ** 30];

interface Stage {
  readonly proxy: RunningProxy;
  readonly marathon: ScriptedMarathon;
  /** The canary's app, as Marathon lists it. */
  readonly canary: object;
}

/** A proxy before a Marathon whose answers are scripted; a canary is in its first list, and sings. */
async function onScriptedStage(story: (stage: Stage) => Promise<void>): Promise<void> {
  await using bird = await TcpReplica.start(echo);
  const port = await freePort();
  const canary = app("/canary", port, [bird.port]);
  await using marathon = await ScriptedMarathon.start([canary]);
  // What was refused is garbage of hundreds of megabytes for a while.
  const roomy = { patienceMs: 60_000, heapBytes: 512 * mib, canary: ownCanary } as const;
  const args = ["--marathon", marathon.url.href, "--refresh-interval", "1h"];
  await using proxy = await RunningProxy.start(args, {}, roomy);
  await proxy.ready();
  await proxy.service(port, ({ listening }) => listening.length > 0);
  await eventually(() => marathon.streams === 1);
  await using song = new Song(port);
  await story({ proxy, marathon, canary });
  await song.assertWell();
}

/** Sends so many bytes in pieces of this size, or until nobody takes them; how many. */
async function pour(to: Writable, bytes: number, piece: Buffer): Promise<number> {
  to.on("error", () => undefined);
  let sent = 0;
  while (sent < bytes && !to.destroyed) {
    sent += piece.length;
    if (!to.write(piece)) await writable(to);
  }
  return sent;
}

async function writable(to: Writable): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  try {
    await Promise.race([once(to, "drain", { signal }), once(to, "close", { signal })]);
  } catch {
    // It was reset, and is destroyed.
  } finally {
    over.abort();
  }
}

/** The next list is this answer, and those after it are as before; what the answer says once both have been read. */
async function answerOnce<T>(
  { proxy, marathon }: Stage,
  answer: (response: ServerResponse) => Promise<T>,
): Promise<T> {
  const { onApi } = marathon;
  const looks = async (): Promise<number> =>
    (await proxy.metric("portolan_discovery_syncs_total", { result: "ok" })) ?? 0;
  const answering = Promise.withResolvers<T>();
  marathon.onApi = (_, response) => {
    marathon.onApi = onApi;
    answer(response).then(answering.resolve, answering.reject);
  };
  const before = await looks();
  proxy.signal("SIGHUP");
  const answered = await answering.promise;
  await eventually(async () => (await looks()) > before, { withinMs: 60_000 });
  return answered;
}

/** Answers that are larger than any cluster, and one label that is. */
async function largeAnswers({ tell }: LoadOptions): Promise<void> {
  await onScriptedStage(async (stage) => {
    const { proxy, canary } = stage;
    const peak = (): string => `${Math.round(peakMegabytes(proxy.pid))} MB at most so far`;
    const spaces = Buffer.alloc(mib, " ");
    const opening = '{"apps":[';
    const label = "x".repeat(100e6);
    await answerOnce(stage, async (response) => {
      const labelled = { ...app("/labelled", await freePort(), []), labels: { long: label } };
      json(response, { apps: [canary, labelled] });
    });
    const refused = /label long is longer than 65536 characters/;
    await eventually(async () => refused.test(await proxy.text("/api/problems")));
    tell(`a label of 100 MB: ${peak()}`);
    const announced = await answerOnce(stage, async (response) => {
      response.writeHead(200, { "content-length": 2 * gib });
      return await pour(response, 2 * gib, spaces);
    });
    tell(`2 GiB announced: ${Math.round(announced / mib)} MiB sent, ${peak()}`);
    assert.ok(announced <= onTheWay * mib);
    for (const size of [mib, 1024, 1]) {
      const sent = await answerOnce(stage, async (response) => {
        // By hand: what is written at once would go out as one chunk.
        const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        response.socket?.write(`${head}9\r\n${opening}\r\n`);
        const chunk = `${size.toString(16)}\r\n${" ".repeat(size)}\r\n`;
        const chunks = Buffer.from(chunk.repeat(Math.ceil(65_536 / size)));
        assert.ok(response.socket !== null);
        return await pour(response.socket, 2 * gib, chunks);
      });
      tell(`chunks of ${size} without end: ${Math.round(sent / mib)} MiB sent, ${peak()}`);
      // Of a chunk of one byte, five more are its frame.
      assert.ok(sent <= (cap + onTheWay) * mib * (1 + 5 / size), `${sent} sent`);
    }
    assert.ok(peakMegabytes(proxy.pid) <= 2.5 * cap, peak());
    const right = await answerOnce(stage, async (response) => {
      response.writeHead(200, { "content-type": "application/json" }).write(opening);
      const padding = await pour(response, (cap - 1) * mib, spaces);
      response.end(`${JSON.stringify(canary)}]}`);
      return padding;
    });
    tell(`a list of ${Math.round(right / mib)} MiB that is right: ${peak()}`);
  });
}

/** Lines of an event stream that go on and on. */
async function endlessLines({ tell }: LoadOptions): Promise<void> {
  await onScriptedStage(async ({ proxy, marathon }) => {
    const before = residentMegabytes(proxy.pid);
    for (const [what, start, piece] of [
      ["a line of an event", "data: ", Buffer.alloc(65_536, "x")],
      ["lines of one event", "", Buffer.from(`data: ${"x".repeat(1000)}\n`.repeat(65))],
      ["the name of an event", "event: ", Buffer.alloc(65_536, "x")],
    ] as const) {
      const sent = await new Promise<number>((resolve, reject) => {
        marathon.onEvents = (_, response) => {
          marathon.onEvents = (_again, other) => marathon.openStream(other);
          marathon.openStream(response);
          response.write(start);
          pour(response, gib, piece).then(resolve, reject);
        };
        marathon.endStreams();
      });
      tell(`${what}: ${(sent / mib).toFixed(1)} of 1024 MiB sent, then reset`);
      assert.ok(sent <= (longestEvent + onTheWay) * mib, `${sent} sent`);
      await eventually(() => marathon.streams === 1, { withinMs: 60_000 });
    }
    const grown = peakMegabytes(proxy.pid) - before;
    tell(`${Math.round(grown)} MB more at most`);
    assert.ok(grown <= moreForEvents, `${grown} MB`);
  });
}

export const answerRows: readonly LoadRow[] = [
  {
    id: "M17",
    what: "lists of 2 GiB, announced, endless, and in chunks of one byte; a label of 100 MB",
    run: largeAnswers,
  },
  { id: "M20", what: "1 GiB without an end of a line or event in the stream", run: endlessLines },
];
