import type { Address } from "../../src/model/address.ts";
import type { Protocol } from "../../src/model/service.ts";
import type { Usage } from "../support/proc.ts";

/** How connections are to be made and used. */
export interface Traffic {
  /** Over UDP a connection is a socket of its own, and a request a datagram. Default `tcp`. */
  readonly protocol?: Protocol;
  /** Requests are GETs, and answers HTTP's; over TCP only. Default false. */
  readonly isHttp?: boolean;
  /** Connections are spread evenly over these. */
  readonly targets: readonly Address[];
  /** Connections at a time; with a rate, how many take turns. */
  readonly connections: number;
  /** True: each connection carries request after request. False: a connection per request. */
  readonly isLasting: boolean;
  /** Length of a request with its head. */
  readonly requestBytes: number;
  /** Length of the wanted answer with its head. */
  readonly answerBytes: number;
  /** Requests a second, all connections together; default: the next one as soon as an answer is there. */
  readonly ratePerSecond?: number;
}

/** What happened since the lap before. Times in ms. */
export interface Lap {
  /** On the clock that all processes share. */
  readonly atMs: number;
  readonly completed: number;
  readonly failed: number;
  /** Why, and how often. */
  readonly failures: Readonly<Record<string, number>>;
  /** Numbers of the replicas that answered. */
  readonly replicas: readonly number[];
  readonly latency: Latency;
  /** Of the processes asked for, since their start. */
  readonly usage: Usage;
}

export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface ProbeOrder {
  readonly target: Address;
  /** Number of the replica to wait for; null waits until none answers. */
  readonly wanted: number | null;
  readonly withinMs: number;
}

/** What the load generator can do. */
export interface LoadVerbs {
  /** Sends checked bytes both ways over new and lasting connections; rejects when one comes back wrong. */
  prove(order: Pick<Traffic, "protocol" | "isHttp"> & { readonly target: Address }): Promise<void>;
  /** Begins a flow and gives its number. */
  start(traffic: Traffic): number;
  lap(order: { readonly flow: number; readonly pids: readonly number[] }): Lap;
  stop(order: { readonly flow: number }): void;
  /** Connects again and again until it is answered as wanted; gives the moment of that answer. */
  probe(order: ProbeOrder): Promise<{ readonly atMs: number; readonly attempts: number }>;
  /** Opens so many connections that have exchanged one request, and keeps them idle. */
  hold(order: Pick<Traffic, "targets" | "connections">): Promise<void>;
  /** Closes what is held; tells how many had been lost before. */
  release(): Promise<{ readonly lost: number }>;
  /** Sends one datagram each from so many addresses that never send again; gives the time it took, in ms. */
  flood(order: FloodOrder): Promise<{ readonly ms: number }>;
  /** Opens connections that carry all they can and then stand still; settles when our reading has stopped. */
  stall(order: StallOrder): Promise<void>;
  /** The bytes that were taken off us on those. */
  stalled(): { readonly bytes: number };
  /** Closes them. */
  unstall(): void;
  /** Begins to ask a DNS server for addresses and services, in place of what it was asked before. */
  ask(order: QuestionOrder): Promise<void>;
  /** The answers since the call before. */
  asked(): QuestionCount;
  stopAsking(): void;
}

export interface QuestionOrder {
  readonly target: Address;
  /** Asked for in turn. */
  readonly names: readonly string[];
  /** Default: the next question as soon as there is an answer. */
  readonly ratePerSecond?: number;
}

export interface QuestionCount {
  /** With at least one record. */
  readonly answered: number;
  /** With an error, or with nothing. */
  readonly refused: number;
}

export interface FloodOrder {
  readonly target: Address;
  readonly sources: number;
  readonly ratePerSecond: number;
}

export interface StallOrder {
  readonly target: Address;
  readonly connections: number;
  /** True: we send without an end. False: we read, and stop. */
  readonly isPushing: boolean;
  /** Time for which the bytes may run. */
  readonly flowMs: number;
}

export interface ReplicaPort {
  readonly number: number;
  readonly port: number;
}

/** What the process with all replicas can do. */
export interface ReplicaVerbs {
  open(order: { readonly count: number }): Promise<readonly ReplicaPort[]>;
  /** One that answers HTTP, with number 1. */
  openHttp(): Promise<ReplicaPort>;
  /** One that answers datagrams, with number 1. */
  openDatagrams(): Promise<ReplicaPort>;
  /** One that sends to every connection without an end. */
  openEndless(): Promise<ReplicaPort>;
  /** One that accepts on every loopback address and closes as soon as its client does. */
  openEverywhere(): Promise<ReplicaPort>;
  /** One that accepts and never reads. */
  openDeaf(): Promise<ReplicaPort>;
  /** Bytes that were taken off those that send without an end. */
  poured(): { readonly bytes: number };
}

/** What the process whose threads share one port can do. */
export interface AcceptVerbs {
  /** Starts the threads; settles when connections are accepted at the port. */
  open(order: AcceptOrder): Promise<void>;
  /** What each worker has accepted so far and has open now. */
  shares(): readonly WorkerShare[];
  /** Keeps the main thread busy with JSON, again and again, for so long each time. */
  block(order: { readonly burstMs: number; readonly everyMs: number }): void;
  unblock(): void;
  /** From now on no new connection goes to this worker; those it has go on. */
  retire(order: { readonly worker: number }): Promise<void>;
  /** Takes it back. */
  restore(order: { readonly worker: number }): Promise<void>;
}

/** How threads share a listening port, in the words of the scenario `accept-sharing`. */
export type Sharing = "reuse-port" | "main-accepts" | "thread-accepts";

export interface AcceptOrder {
  readonly sharing: Sharing;
  readonly workers: number;
  readonly port: number;
}

export interface WorkerShare {
  readonly accepted: number;
  readonly open: number;
}

export interface TaskOrder {
  readonly app: string;
  readonly port: number;
}

/** What the stand-in Marathon can do. Moments are on the clock that all processes share, in ms. */
export interface MarathonVerbs {
  /** Gives the URL. */
  open(): Promise<string>;
  /** An app of one service port, TCP by default and with one health check then, without tasks. */
  putApp(order: {
    readonly id: string;
    readonly servicePort: number;
    readonly protocol?: Protocol;
    readonly labels?: Readonly<Record<string, string>>;
  }): void;
  /** A new healthy task on this machine; the moment is the one before the first event of it. */
  addTask(order: TaskOrder): { readonly task: string; readonly atMs: number };
  removeTask(order: { readonly task: string }): { readonly atMs: number };
  setHealth(order: { readonly task: string; readonly isHealthy: boolean }): void;
  /** Fills the cluster; the tasks of the first app are where `ports` says. Gives the size of the list in bytes. */
  loadLarge(order: LargeCluster): Promise<{ readonly servicePort: number; readonly bytes: number }>;
  /** Healthy tasks, each on a loopback address of its own, to be probed by TCP. */
  loadSpread(order: SpreadCluster): void;
  /** Changes the health of one task after another, each with its events. */
  /** Down, it refuses connections. */
  setDown(order: { readonly isDown: boolean }): Promise<void>;
  /** Replaces the first tasks of an app, one each `everyMs`; settles when that is over. */
  rollApp(order: RollOrder): Promise<void>;
  /** Counts requests and events from now on. */
  watchTraffic(): Promise<void>;
  /** What has been counted. */
  traffic(): MarathonTraffic;
  /** The size of an answer, in bytes. */
  sizeOf(order: { readonly path: string }): Promise<{ readonly bytes: number }>;
  startChanges(order: { readonly everyMs: number }): void;
  stopChanges(): void;
}

export interface SpreadCluster {
  readonly replicas: number;
  /** Where all of them listen. */
  readonly port: number;
  /** Default 100. */
  readonly perApp?: number;
  /** Default 2. */
  readonly checkSeconds?: number;
}

export interface RollOrder {
  readonly app: string;
  readonly tasks: number;
  readonly everyMs: number;
}

/** What clients have asked for and what has been announced. */
export interface MarathonTraffic {
  /** Requests by what they asked for: `apps`, `app`, `versions`, `tasks` and others. */
  readonly requests: Readonly<Record<string, number>>;
  /** Events of one stream by their type. */
  readonly events: Readonly<Record<string, number>>;
}

export interface LargeCluster {
  readonly apps: number;
  readonly tasksPerApp: number;
  readonly padBytesPerTask: number;
  readonly ports: readonly number[];
}

/** What became of upstream files after a table. */
export interface Written {
  /** Until the files that were expected were there, or gone. */
  readonly ms: number;
  /** Those that were written or removed. */
  readonly files: number;
  /** The longest time for which the thread did nothing else. */
  readonly stallMs: number;
}

/** What the process that writes upstream files can do; each verb publishes a table. */
export interface PublisherVerbs {
  /** Into an empty directory. */
  writeAll(order: { readonly services: number }): Promise<Written>;
  /** One service has other replicas. */
  change(order: { readonly service: number }): Promise<Written>;
  /** One service is gone. */
  remove(order: { readonly service: number }): Promise<Written>;
}

export interface MicroRow {
  readonly name: string;
  /** Time of one operation, in µs: the median and the spread of the repeats. */
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface MicroVerbs {
  run(order: { readonly repeats: number }): readonly MicroRow[];
}
