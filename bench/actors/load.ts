import { serveVerbs } from "../support/actor.ts";
import { flood, proveDatagrams } from "./load/datagrams.ts";
import { Flow } from "./load/flow.ts";
import { HeldConnections } from "./load/held-connections.ts";
import { probe } from "./load/probe.ts";
import { proveHttp } from "./load/prove-http.ts";
import { prove } from "./load/prove.ts";
import { Questions } from "./load/questions.ts";
import { StalledConnections } from "./load/stalled-connections.ts";
import type { LoadVerbs } from "./verbs.ts";

// The load generator in a process of its own: its work is on its own account and on its own processor.

const flows: Flow[] = [];
const held = new HeldConnections();
const stalled = new StalledConnections();
let questions: Questions | undefined;

serveVerbs<LoadVerbs>({
  prove({ target, protocol, isHttp = false }) {
    if (isHttp) return proveHttp(target);
    return protocol === "udp" ? proveDatagrams(target) : prove(target);
  },
  start(traffic) {
    return flows.push(new Flow(traffic)) - 1;
  },
  lap: ({ flow, pids }) => flowAt(flow).lap(pids),
  stop({ flow }) {
    flowAt(flow).stop();
  },
  probe,
  flood,
  hold: (order) => held.open(order),
  release: () => held.release(),
  stall: (order) => stalled.open(order),
  stalled: () => ({ bytes: stalled.bytes }),
  unstall() {
    stalled.close();
  },
  async ask(order) {
    questions?.[Symbol.dispose]();
    questions = await Questions.start(order);
  },
  asked: () => questions?.count() ?? { answered: 0, refused: 0 },
  stopAsking() {
    questions?.[Symbol.dispose]();
    questions = undefined;
  },
});

function flowAt(index: number): Flow {
  const flow = flows[index];
  if (flow === undefined) throw new Error(`no flow ${index}`);
  return flow;
}
