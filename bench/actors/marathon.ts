import { setTimeout as wait } from "node:timers/promises";
import { EmbeddedMarathon } from "../../src/demo/marathon/marathon.ts";
import { serveVerbs } from "../support/actor.ts";
import { TrafficCount } from "./marathon/traffic-count.ts";
import { monotonicMs } from "../support/monotonic.ts";
import type { LargeCluster, MarathonVerbs } from "./verbs.ts";

// The stand-in Marathon in a process of its own, so that its work is not on the proxy's account.

const marathon = await EmbeddedMarathon.start({ clock: Date.now, random: Math.random });
const host = "127.0.0.1";
const servedApp = "/group-0/app-0";
/** Below the range that the kernel gives to connections. */
const spreadFirstPort = 21_000;
let traffic: TrafficCount | undefined;
let changes: NodeJS.Timeout | undefined;
let changed = 0;

serveVerbs<MarathonVerbs>({
  async open() {
    return marathon.urls[0] ?? "";
  },
  putApp({ id, servicePort, protocol = "tcp", labels = {} }) {
    marathon.putApp({
      id,
      labels,
      portDefinitions: [{ port: servicePort, protocol }],
      healthChecks: protocol === "tcp" ? [{ protocol: "TCP", portIndex: 0 }] : [],
    });
  },
  addTask({ app, port }) {
    const atMs = monotonicMs();
    return { task: marathon.addTask(app, { host, ports: [port], health: true }).id, atMs };
  },
  removeTask({ task }) {
    const atMs = monotonicMs();
    marathon.removeTask(task);
    return { atMs };
  },
  setHealth({ task, isHealthy }) {
    marathon.setHealth(task, isHealthy);
  },
  async loadLarge(shape) {
    loadLarge(shape);
    const servicePort = marathon.app(servedApp)?.definition.ports[0]?.servicePort ?? 0;
    // Also renders the list, so that no measurement begins with that.
    const answer = await fetch(`${marathon.urls[0]}/v2/apps?embed=apps.tasks`, {
      headers: { "accept-encoding": "identity" },
    });
    return { servicePort, bytes: (await answer.arrayBuffer()).byteLength };
  },
  loadSpread({ replicas, port, perApp = 100, checkSeconds = 2 }) {
    const check = { protocol: "TCP", portIndex: 0, timeoutSeconds: 2 };
    for (let first = 0; first < replicas; first += perApp) {
      const id = `/spread/app-${first / perApp}`;
      marathon.putApp({
        id,
        portDefinitions: [{ port: spreadFirstPort + first / perApp, protocol: "tcp" }],
        healthChecks: [{ ...check, intervalSeconds: checkSeconds }],
      });
      for (let task = first; task < Math.min(first + perApp, replicas); task += 1) {
        const own = `127.1.${Math.floor(task / 250)}.${(task % 250) + 1}`;
        marathon.addTask(id, { host: own, ports: [port], health: true });
      }
    }
  },
  async setDown({ isDown }) {
    await (isDown ? marathon.stopMember(0) : marathon.startMember(0));
  },
  async rollApp({ app, tasks, everyMs }) {
    for (const { id, host: agent, ports } of marathon.tasksOf(app).slice(0, tasks)) {
      marathon.addTask(app, { host: agent, ports: [...ports], health: true });
      marathon.removeTask(id);
      await wait(everyMs);
    }
  },
  async watchTraffic() {
    traffic ??= await TrafficCount.start(marathon);
    traffic.reset();
  },
  traffic() {
    if (traffic === undefined) throw new Error("nothing has been counted");
    return traffic.counts;
  },
  async sizeOf({ path }) {
    return { bytes: (await traffic?.sizeOf(path)) ?? 0 };
  },
  startChanges({ everyMs }) {
    changes = setInterval(changeOne, everyMs);
  },
  stopChanges() {
    clearInterval(changes);
  },
});

function loadLarge({ ports, ...shape }: LargeCluster): void {
  // The other tasks are in a network for documentation: nothing must ever answer there [rfc5737].
  marathon.loadSynthetic({
    ...shape,
    hostOf: (app, task) => (app === 0 ? host : `192.0.2.${((app * 7 + task) % 250) + 1}`),
    portOf: (app, task) => (app === 0 ? (ports[task] ?? 1) : 20_000 + ((app * 31 + task) % 40_000)),
  });
}

/** One task of an app that nobody asks for: it fails its check, and the next time it passes again. */
function changeOne(): void {
  // The first apps are in the group of their own number; app 0 is the one that is asked.
  const number = 1 + (Math.floor(changed / 2) % 49);
  const [task] = marathon.tasksOf(`/group-${number}/app-${number}`);
  if (task !== undefined) marathon.setHealth(task.id, changed % 2 === 1);
  changed += 1;
}
