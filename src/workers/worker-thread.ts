import { isMainThread, parentPort, workerData, type MessagePort } from "node:worker_threads";
import { repeat } from "../async/repeat.ts";
import { sleep } from "../async/sleep.ts";
import { Engine } from "../engine/engine.ts";
import type { EngineReport } from "../engine/route.ts";
import type { HeldFor } from "../engine/tcp/flow.ts";
import { ReadMeter } from "../engine/tcp/read-meter.ts";
import { Tally } from "../engine/tally.ts";
import { AccessQueue } from "./access-queue.ts";
import { collectAll } from "./collector.ts";
import type { Answer, Order, WorkerStart } from "./messages.ts";
import { OwnNames } from "./own-names.ts";
import { threadId } from "./precedence.ts";
import { SendQueues } from "./send-queues.ts";

// The body of a worker: one engine, driven by messages. The types of both ends are fixed by messages.ts and both
// ends are our own code, so what arrives is taken at its word.

const checkEveryMs = 1000;

if (!isMainThread && parentPort !== null) serve(parentPort, workerData);

function serve(port: MessagePort, start: WorkerStart): void {
  const tally = tallyOn(start);
  const say = (answer: Answer): void => port.postMessage(answer);
  // oxlint-disable-next-line no-restricted-properties -- the edge where chance enters this thread
  const random = Math.random;
  const meter = new ReadMeter(() => {
    globalThis.gc?.({ type: "minor" });
  });
  const report = (it: EngineReport): void => say({ kind: "report", report: it });
  const own = new OwnNames({ bind: start.settings.bindHosts, hostNames: [] });
  const isOwnHost = (host: string): boolean => own.isOwnHost(host);
  const access = new AccessQueue({ send: (batch) => say({ kind: "access", batch }) });
  const gatewayCells = new Float64Array(start.gateway);
  const counting = { tally, requests: tally, gatewayCells, access };
  const life = new AbortController();
  const queues = new SendQueues({
    now: () => performance.now(),
    sleep: (ms) => sleep(ms, life.signal),
  });
  const heldFor: HeldFor = (socket, since) => queues.heldFor(socket, since);
  const options = { isOwnHost, ...counting, random, report, meter, heldFor };
  const engine = new Engine({ ...start.settings, ...options });
  collectAll();
  say({ kind: "started", thread: threadId() });
  port.on("message", (order: Order) => {
    // A rejection is a bug: it ends the thread as unhandled, and the pool replaces it.
    if (order.kind === "access-taken") access.taken();
    else void obey(engine, order, say);
  });
  void own.follow(() => undefined, life.signal);
  const beats = new Int32Array(start.beats.cells);
  void repeat(checkEveryMs, life.signal, () => {
    Atomics.add(beats, start.beats.index, 1);
    engine.check(performance.now());
  });
}

function tallyOn({ services, replicas, load }: WorkerStart): Tally {
  return new Tally({
    services: new Float64Array(services),
    replicas: new Float64Array(replicas),
    load: {
      services: new Int32Array(load.services),
      replicas: new Int32Array(load.replicas),
      waiting: new Int32Array(load.waiting),
      process: new Int32Array(load.process),
    },
  });
}

type EngineOrder = Exclude<Order, { readonly kind: "access-taken" }>;

async function obey(
  engine: Engine,
  order: EngineOrder,
  say: (answer: Answer) => void,
): Promise<void> {
  switch (order.kind) {
    case "apply":
      await engine.apply(order.changes);
      say({ kind: "applied", version: order.version });
      break;
    case "forgive":
      engine.forgive(order.key, order.replica);
      break;
    case "certify":
      engine.certify(order.certificates);
      break;
    case "shed":
      // What they held lies outside the heap, and is given back with what is collected.
      if (engine.shed(order, performance.now()) > 0) globalThis.gc?.();
      break;
    case "renew":
      engine.renew(order.addresses);
      break;
    case "stop-accepting":
      await engine.stopAccepting();
      say({ kind: "stopped" });
      break;
    case "abort":
      engine.abort(order.outcome);
      break;
  }
}
