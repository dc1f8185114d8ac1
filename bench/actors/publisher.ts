import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import { defaultPolicy } from "../../src/model/policy.ts";
import { serviceName } from "../../src/model/service.ts";
import { InstanceFiles } from "../../src/publish/instance-files.ts";
import { freezeTable, type Route, type RoutedReplica } from "../../src/routing/table.ts";
import { serveVerbs } from "../support/actor.ts";
import { until } from "../support/until.ts";
import type { PublisherVerbs, Written } from "./verbs.ts";

// Upstream files of a process that does nothing else, in a real directory.

const replicasPerService = 4;
const firstPort = 10_000;
/** After the files that are expected, in ms: others would show until then. */
const settleMs = 200;
const logger = { debug() {}, info() {}, warn: console.error, error: console.error };

let directory: string | undefined;
let files: InstanceFiles | undefined;
let routes: readonly Route[] = [];
let version = 0;
process.once("exit", clear);

serveVerbs<PublisherVerbs>({
  async writeAll({ services }) {
    await files?.[Symbol.asyncDispose]();
    clear();
    directory = mkdtempSync(join(tmpdir(), "portolan-bench-confd-"));
    files = InstanceFiles.open({ directory, logger, random: Math.random });
    routes = Array.from({ length: services }, (_, index) => routeOf(index));
    return await publish(files, services);
  },
  async change({ service }) {
    routes = routes.map((route, at) => (at === service ? changed(route) : route));
    return await publish(opened(), 1);
  },
  async remove({ service }) {
    routes = routes.toSpliced(service, 1);
    return await publish(opened(), 1);
  },
});

function opened(): InstanceFiles {
  if (files === undefined) throw new Error("nothing was written before");
  return files;
}

function clear(): void {
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
}

async function publish(to: InstanceFiles, expected: number): Promise<Written> {
  const touched = (): number => to.figures().written + to.figures().removed;
  const before = touched();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const startedAt = performance.now();
  version += 1;
  to.publish(freezeTable({ version, updatedAt: 0, routes, problems: [] }));
  const isDone = (): boolean => touched() - before >= expected;
  await until(isDone, { what: "the files are written", withinMs: 60_000, everyMs: 1 });
  const ms = performance.now() - startedAt;
  await wait(settleMs);
  return { ms, files: touched() - before, stallMs: delay.max / 1e6 };
}

/** The same service with other replicas. */
function changed({ port }: Route): Route {
  return routeOf(port - firstPort);
}

/** An app's route in the state that this version gives its replicas. */
function routeOf(index: number): Route {
  const app = `/group-${index % 100}/team/app-${index}`;
  const port = firstPort + index;
  return {
    key: `tcp/${port}`,
    app,
    name: serviceName(app),
    port,
    portIndex: 0,
    protocol: "tcp",
    mode: "tcp",
    policy: defaultPolicy,
    source: "bench",
    replicas: Array.from({ length: replicasPerService }, (_, agent) => replicaOf(index, agent)),
  };
}

function replicaOf(index: number, agent: number): RoutedReplica {
  const address = { host: `10.${index >> 8}.${index & 255}.${agent + 1}`, port: 31_000 + version };
  return {
    key: `${address.host}:${address.port}`,
    address,
    host: address.host,
    task: `app-${index}.${agent}`,
    weight: 500,
    state: "up",
    reason: "running",
    since: 0,
  };
}
