import type { Address } from "../../src/model/address.ts";
import type { LoadVerbs, ReplicaVerbs } from "../actors/verbs.ts";
import { haproxy } from "../contenders/haproxy.ts";
import { haproxyHttp, nginxHttp, portolanHttp } from "../contenders/http.ts";
import type { Contender } from "../contenders/contender.ts";
import { nginxStream } from "../contenders/nginx-stream.ts";
import { portolanWith } from "../contenders/portolan.ts";
import type { Generator, OwnReplica } from "../generators/generator.ts";
import { iperf3 } from "../generators/iperf3.ts";
import { sockperf } from "../generators/sockperf.ts";
import { wrk } from "../generators/wrk.ts";
import { Actor } from "../support/actor.ts";
import { alternate } from "../support/alternation.ts";
import { available } from "../support/available.ts";
import { compareTraffic } from "../support/comparison.ts";
import { usageOf } from "../support/proc.ts";
import type { Report } from "../support/report.ts";
import { type Answer, type Sample, toReport } from "./cross-check-report.ts";
import { freshGets, keptGets } from "./http.ts";
import type { Bench, Scenario } from "./scenario.ts";
import { tcpWorkload, type Workload } from "./tcp.ts";
import { udpOneByOne } from "./udp.ts";

/** The generators' replicas take a probe for a client, so none is sent. */
const portolan = portolanWith("portolan", { flags: ["--health", "marathon"] });
const byHttp = [portolanHttp, haproxyHttp, nginxHttp];
const byTcp = [portolan, haproxy, nginxStream];

/** The same question to a generator of somebody else and, where there is such a workload, to ours. */
interface Question {
  readonly name: string;
  readonly unit: Workload["unit"];
  readonly generator: Generator;
  readonly contenders: readonly Contender[];
  readonly yardstick: Contender;
  readonly own?: Workload;
}

const one = { requestBytes: 200, answerBytes: 200, connections: 1 } as const;
const questions: readonly Question[] = [
  {
    name: "GET, kept connections",
    generator: wrk(true),
    contenders: byHttp,
    yardstick: haproxyHttp,
    own: keptGets,
    unit: "request",
  },
  {
    name: "GET, a new connection",
    generator: wrk(false),
    contenders: byHttp,
    yardstick: haproxyHttp,
    own: freshGets,
    unit: "request",
  },
  {
    name: "download",
    generator: iperf3("down"),
    contenders: byTcp,
    yardstick: haproxy,
    own: tcpWorkload("tcp-bulk"),
    unit: "MiB",
  },
  {
    name: "upload",
    generator: iperf3("up"),
    contenders: byTcp,
    yardstick: haproxy,
    own: tcpWorkload("tcp-bulk-up"),
    unit: "MiB",
  },
  {
    name: "both ways at once",
    generator: iperf3("both"),
    contenders: byTcp,
    yardstick: haproxy,
    unit: "MiB",
  },
  {
    name: "one TCP client, one message at a time",
    generator: sockperf("tcp"),
    contenders: byTcp,
    yardstick: haproxy,
    own: { ...tcpWorkload("tcp-keepalive"), ...one },
    unit: "round trip",
  },
  {
    name: "one UDP client, one datagram at a time",
    generator: sockperf("udp"),
    contenders: [portolan, nginxStream],
    yardstick: nginxStream,
    own: udpOneByOne,
    unit: "round trip",
  },
];

export const crossCheck: Scenario = {
  name: "cross-check",
  purpose:
    "CPU time under wrk, iperf3 and sockperf, as a multiple of HAProxy's, over UDP of nginx's, beside the same under our own generator (seconds per run, runs of each contender in alternation)",
  seconds: 3,
  runs: 3,
  contenders: byTcp,
  run: measureAll,
};

async function measureAll(bench: Bench): Promise<Report> {
  const answers: Answer[] = [];
  const notes: string[] = [];
  for (const question of questions) {
    const found = question.generator.find();
    if (found.kind === "missing") {
      notes.push(`${question.name} is left out: ${found.reason}`);
      continue;
    }
    const { name, unit } = question;
    try {
      const asked = await askOne(question, bench);
      notes.push(...asked.notes.map((note) => `${name}: ${note}`));
      answers.push({
        name,
        unit,
        generator: found.version.replace(/ (?:\[epoll\] )?Copyright.*$/, ""),
        ...asked,
      });
    } catch (error) {
      notes.push(`${name} failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (answers.length === 0) throw new Error(notes.join("; "));
  return toReport(answers, notes);
}

/** Only those that were asked for by name; nginx has another name where it speaks HTTP. */
function wantedOf(question: Question, { contenders }: Bench): readonly Contender[] {
  if (contenders.length === byTcp.length) return question.contenders;
  return question.contenders.filter(({ name }) => contenders.some((each) => each.name === name));
}

async function askOne(
  question: Question,
  bench: Bench,
): Promise<Pick<Answer, "samples" | "own" | "yardstick"> & { notes: readonly string[] }> {
  const { runs, say, cpus } = bench;
  const asked = { ...bench, contenders: wantedOf(question, bench) };
  const { present, notes } = available(asked);
  const { generator, yardstick, own } = question;
  const protocol = own?.protocol ?? "tcp";
  await using owned = new AsyncDisposableStack();
  const replica =
    generator.openReplica === undefined
      ? await openHttp(owned, bench)
      : owned.use<OwnReplica>(await generator.openReplica(cpus)).address;
  const name = `cross-check: ${question.name}, ${generator.name}`;
  const alternated = await alternate(present, { name, runs, say }, (contender, round) =>
    measure(contender, { bench, generator, replica, protocol, round }),
  );
  const seconds = Math.min(bench.seconds, 1);
  const compared =
    own === undefined
      ? undefined
      : await compareTraffic(
          { ...own, name: `cross-check: ${question.name}, ours` },
          { ...asked, seconds },
        );
  return {
    samples: alternated.samples,
    own: compared?.rows ?? [],
    yardstick: yardstick.name,
    notes: [...notes, ...alternated.notes, ...(compared?.notes ?? [])],
  };
}

/** Ours, since wrk only asks; what it answers is proven with our own generator. */
async function openHttp(owned: AsyncDisposableStack, { cpus }: Bench): Promise<Address> {
  const replicas = owned.use(Actor.start<ReplicaVerbs>("replicas.ts", { cpus: cpus.rest }));
  const { port } = await replicas.call("openHttp", undefined);
  const address = { host: "127.0.0.1", port };
  const load = owned.use(Actor.start<LoadVerbs>("load.ts", { cpus: cpus.rest }));
  await load.call("prove", { target: address, isHttp: true });
  return address;
}

interface Turn {
  readonly bench: Bench;
  readonly generator: Generator;
  readonly replica: Address;
  readonly protocol: NonNullable<Workload["protocol"]>;
  readonly round: number;
}

async function measure(
  contender: Contender,
  { bench, generator, replica, protocol, round }: Turn,
): Promise<Sample> {
  const { cpus, program } = bench;
  const seconds = Math.ceil(bench.seconds);
  await using running = await contender.start({ replica, protocol, cpus, program });
  const order = { target: running.address, cpus };
  await generator.run({ ...order, seconds: 1 });
  const before = usageOf(running.pids).cpuMs;
  const units = await generator.run({ ...order, seconds });
  const cpuMs = usageOf(running.pids).cpuMs - before;
  if (units === 0) throw new Error(`${generator.name} got nothing done`);
  return {
    contender: contender.name,
    round,
    cpuMicros: (1000 * cpuMs) / units,
    rate: units / seconds,
    share: cpuMs / 1000 / seconds,
  };
}
