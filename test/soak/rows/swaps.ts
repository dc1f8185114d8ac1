import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { eventually } from "../../support/eventually.ts";
import { onStage } from "../../support/fault-stage.ts";
import { freePort } from "../../support/free-port.ts";
import { getOnce } from "../../support/http-exchange.ts";
import { listeningInode } from "../../support/listening-inode.ts";
import { app, place } from "../../support/marathon.ts";
import { isMissing } from "../../support/real-server.ts";
import { ReplicaProcess } from "../../support/replica-process.ts";
import { Stop } from "../../support/stop.ts";
import { named, TcpReplica } from "../../support/tcp-replica.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";
import { onLoadStage, type Listed } from "../load-stage.ts";
import { atRate, newTally, sendTraffic } from "../traffic.ts";

const run = promisify(execFile);

/** What the row asks for. */
const wanted = { swaps: 500, requests: 200_000, connections: 25_000, perSecond: 500 };
/** wrk runs so long at a time, and as often as it takes. */
const [roundSeconds, mostRounds] = [20, 15];
/** How much later than without changes the slowest hundredth of the requests may be: the row's 10 ms, and room for what else runs here. */
const laterMs = (quietMs: number): number => 20 + quietMs / 2;

/** The units that wrk has for times. */
const inMs: ReadonlyMap<string, number> = new Map([
  ["us", 0.001],
  ["ms", 1],
  ["s", 1000],
]);

/** What wrk found. */
interface Requests {
  readonly done: number;
  readonly failed: number;
  readonly p99Ms: number;
}

/** Sixty-four kept connections of wrk for so long. */
async function askOnKept(port: number, seconds: number): Promise<Requests> {
  const load = ["-t1", "-c64", `-d${seconds}s`, "--latency", "--timeout", "20s"];
  const { stdout } = await run("wrk", [...load, `http://127.0.0.1:${port}/`]);
  const numberIn = (pattern: RegExp): number => Number(pattern.exec(stdout)?.[1] ?? 0);
  const errors = /Socket errors: (.*)/.exec(stdout)?.[1]?.match(/\d+/g) ?? [];
  const [, p99 = "NaN", unit = ""] = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout) ?? [];
  return {
    done: numberIn(/(\d+) requests in/),
    failed: errors.reduce((sum, each) => sum + Number(each), 0) + numberIn(/Non-2xx[^:]*: (\d+)/),
    p99Ms: Number(p99) * (inMs.get(unit) ?? NaN),
  };
}

/** Ten times a second, or as often as it can be done, until it is over. */
async function tenTimesASecond(
  act: (turn: number) => Promise<void>,
  isOver: () => boolean,
): Promise<void> {
  const startedAt = performance.now();
  for (let turn = 0; !isOver(); turn += 1) {
    await act(turn);
    await wait(Math.max(1, startedAt + (turn + 1) * 100 - performance.now()));
  }
}

/** What becomes of one connection with one request: `served`, or what went wrong. */
function visitOnce(port: number): Promise<string> {
  return new Promise((resolve) => {
    let [text, code] = ["", "cut"];
    const socket = connect(port, "127.0.0.1", () => socket.write(getOnce()));
    socket.setTimeout(20_000, () => socket.destroy(new Error("no answer")));
    socket.on("error", (error: NodeJS.ErrnoException) => (code = error.code ?? error.message));
    socket.on("data", (bytes: Buffer) => (text += bytes.toString("latin1")));
    socket.on("close", () => resolve(/\r\n\r\nr\d$/.test(text) ? "served" : code));
  });
}

/** Replicas swapped ten times a second under requests on kept connections and new connections. */
async function swaps({ tell, seconds = 50 }: LoadOptions): Promise<void> {
  await using replicas = new AsyncDisposableStack();
  const ports: number[] = [];
  for (let count = 0; count < 8; count += 1) {
    ports.push(replicas.use(await ReplicaProcess.start(`r${count}`, "http")).port);
  }
  const [web, raw] = [await freePort(), await freePort()];
  const listed = (turn: number): readonly Listed[] => {
    const turned = [...ports.slice(turn % 8), ...ports.slice(0, turn % 8)];
    const chosen = turned.slice(0, 2 + (turn % 5));
    const http = { app: "/web", port: web, options: { mode: "http" }, replicas: chosen };
    return [http, { app: "/raw", port: raw, replicas: chosen }];
  };
  await onLoadStage({ services: listed(0) }, async ({ proxy, list }) => {
    const quiet = await askOnKept(web, Math.min(10, seconds));
    const inodes = [listeningInode(web), listeningInode(raw)];
    using stop = new Stop();
    const tally = newTally();
    const traffic = { perSecond: wanted.perSecond, signal: stop.signal, tally, deaths: () => 0 };
    const connections = atRate(traffic, () => visitOnce(raw));
    let changes = 0;
    const swap = async (turn: number): Promise<void> => {
      const { version } = await proxy.table();
      list(listed(turn + 1));
      // A file that changes twice before it is looked at is one that is being written, and waited for.
      await eventually(async () => (await proxy.table()).version > version);
      changes += 1;
    };
    const share = seconds / 50;
    const rounds: Requests[] = [];
    const requests = (): number => rounds.reduce((sum, { done }) => sum + done, 0);
    const isEnough = (): boolean =>
      changes >= wanted.swaps * share &&
      requests() >= wanted.requests * share &&
      tally.served >= wanted.connections * share;
    const startedAt = performance.now();
    const asking = (async (): Promise<void> => {
      while (!isEnough() && rounds.length < mostRounds && !stop.signal.aborted) {
        rounds.push(await askOnKept(web, Math.min(roundSeconds, seconds)));
      }
      stop.abort();
    })();
    await tenTimesASecond(swap, () => stop.signal.aborted);
    await Promise.all([asking, connections]);
    const p99Ms = Math.max(...rounds.map((round) => round.p99Ms));
    const failed = rounds.reduce((sum, round) => sum + round.failed, 0);
    tell(`${changes} swaps in ${Math.round((performance.now() - startedAt) / 1000)} s`);
    tell(`${requests()} requests, ${failed} failed; ${tally.served} connections`);
    tell(`p99 ${quiet.p99Ms.toFixed(1)} ms before, ${p99Ms.toFixed(1)} ms meanwhile`);
    assert.deepEqual(Object.fromEntries(tally.failures), {});
    assert.equal(failed, 0);
    assert.deepEqual([listeningInode(web), listeningInode(raw)], inodes);
    assert.ok(inodes.every((inode) => inode !== undefined));
    assert.ok(isEnough(), "not as many as the row asks for");
    assert.ok(p99Ms <= quiet.p99Ms + laterMs(quiet.p99Ms), `p99 ${p99Ms} ms`);
  });
}

/** A replica of the app that is deployed again and again. */
interface Copy {
  readonly task: string;
  readonly replica: TcpReplica;
  /** When clients that said something were accepted. */
  readonly acceptedAt: readonly number[];
}

/** The row's bound for a replica that is to go, and what the clock and the turns of this process may add. */
const [stillMs, slackMs] = [100, 150];
const rounds = 20;

/** One replica after the other is replaced: the new one comes, is well, the old one drains, and ends. */
async function deploys({ tell }: LoadOptions): Promise<void> {
  const port = await freePort();
  await onStage({}, async ({ marathon, proxy }) => {
    await using owned = new AsyncDisposableStack();
    marathon.putApp(app("/deployed", port));
    const launch = async (): Promise<Copy> => {
      const acceptedAt: number[] = [];
      const replica = owned.use(
        await TcpReplica.start((socket) => {
          const at = performance.now();
          // Probes say nothing.
          socket.once("data", () => acceptedAt.push(at));
          named("d")(socket);
        }),
      );
      const task = place(marathon, "/deployed", replica.port);
      await proxy.service(port, ({ replicas }) => {
        const found = replicas.find(({ address }) => address.endsWith(`:${replica.port}`));
        return found?.state === "up";
      });
      return { task, replica, acceptedAt };
    };
    const copies = [await launch(), await launch(), await launch()];
    using stop = new Stop();
    const tally = newTally();
    const options = { port, perSecond: 200, signal: stop.signal, tally, deaths: () => 0 };
    const traffic = sendTraffic(options);
    let latest = 0;
    for (let round = 0; round < rounds; round += 1) {
      copies.push(await launch());
      const old = copies.shift();
      assert.ok(old !== undefined);
      await eventually(() => old.acceptedAt.length > 0, { what: "clients of the old one" });
      const toldAt = performance.now();
      marathon.setTask(old.task, { state: "TASK_KILLING" });
      await wait(2000);
      latest = Math.max(latest, (old.acceptedAt.at(-1) ?? toldAt) - toldAt);
      marathon.setTask(old.task, { state: "TASK_KILLED" });
      await old.replica[Symbol.asyncDispose]();
    }
    stop.abort();
    await traffic;
    tell(`${tally.served} connections served in ${rounds} deploys`);
    tell(`the last one to a replica that was to go came ${latest.toFixed(1)} ms after the event`);
    assert.deepEqual(Object.fromEntries(tally.failures), {});
    assert.ok(latest < stillMs + slackMs, `${latest} ms`);
  });
}

export const swapRows: readonly LoadRow[] = [
  {
    id: "R01",
    what: "500 swaps of replicas under 64 kept connections and 500 new ones a second",
    skip: () => isMissing("wrk"),
    run: swaps,
  },
  { id: "R02", what: "20 rolling deploys under 200 connections a second", run: deploys },
];
