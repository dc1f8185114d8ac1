import { readFileSync } from "node:fs";
import { Song } from "../support/canary.ts";
import { freePort } from "../support/free-port.ts";
import { answering, saying } from "../support/http-exchange.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { echo, named, TcpReplica } from "../support/tcp-replica.ts";
import { freePortOfBoth } from "../support/udp-client.ts";
import { echoDatagram, UdpReplica } from "../support/udp-replica.ts";
import { Herd } from "./herd.ts";
import { Mischief } from "./mischief.ts";
import { holding, slopeOf, verdictOn, type Holding, type Sample } from "./verdicts.ts";
import {
  clientsFor,
  keepRequesting,
  newTally,
  sendDatagrams,
  sendRequests,
  sendTraffic,
  type Tally,
  type TrafficOptions,
} from "./traffic.ts";

export interface SoakOptions {
  readonly random: () => number;
  /** Connections; half as many requests on connections of their own, and as many on kept ones; as many datagrams. */
  readonly perSecond: number;
}

/** What replicas come and go of. */
interface Herds {
  readonly streams: Herd;
  readonly pages: Herd;
  readonly datagrams: Herd;
}

/** Traffic, changes of route and faults on one proxy for as long as asked, and what must hold all the while. */
export class Soak implements AsyncDisposable {
  readonly #owned: AsyncDisposableStack;
  readonly #options: SoakOptions;
  readonly #proxy: RunningProxy;
  readonly #song: Song;
  readonly #mischief: Mischief;
  readonly #herds: Herds;
  readonly #tallies: Readonly<Record<"connections" | "requests" | "kept" | "datagrams", Tally>> = {
    connections: newTally(),
    requests: newTally(),
    kept: newTally(),
    datagrams: newTally(),
  };
  readonly #memory: Sample[] = [];

  private constructor(parts: {
    owned: AsyncDisposableStack;
    options: SoakOptions;
    proxy: RunningProxy;
    mischief: Mischief;
    herds: Herds;
    canary: number;
  }) {
    this.#owned = parts.owned;
    this.#options = parts.options;
    this.#proxy = parts.proxy;
    this.#mischief = parts.mischief;
    this.#herds = parts.herds;
    this.#song = this.#owned.use(new Song(parts.canary));
  }

  static async start(options: SoakOptions): Promise<Soak> {
    const owned = new AsyncDisposableStack();
    const bird = owned.use(await TcpReplica.start(echo));
    const marathon = owned.use(await startMarathon({ members: 3 }));
    const canary = await freePort();
    marathon.putApp(app("/canary", canary));
    place(marathon, "/canary", bird.port);
    const gather = async (
      one: Omit<Parameters<typeof Herd.gather>[0], "marathon">,
    ): Promise<Herd> => owned.use(await Herd.gather({ marathon, ...one }));
    const tcp = { protocol: "tcp", port: await freePort() } as const;
    const http = {
      protocol: "tcp",
      port: await freePort(),
      labels: { "portolan.mode": "http" },
    } as const;
    const udp = { protocol: "udp", port: await freePortOfBoth() } as const;
    const herds = {
      streams: await gather({ ...tcp, id: "/streams", start: () => TcpReplica.start(named("s")) }),
      pages: await gather({ ...http, id: "/pages", start: startPages }),
      datagrams: await gather({
        ...udp,
        id: "/datagrams",
        start: () => UdpReplica.start(echoDatagram),
      }),
    };
    const mischief = new Mischief({
      marathon,
      herds: Object.values(herds),
      rudeTo: [
        { port: tcp.port, words: "x" },
        { port: http.port, words: "GET / HT" },
      ],
      rudeByDatagram: udp.port,
      random: options.random,
    });
    const flags = ["--marathon", marathon.urls.join(",")];
    const quiet = { canary: "none: one that the same Marathon lists sings here" } as const;
    const proxy = owned.use(await RunningProxy.start(flags, {}, quiet));
    await proxy.ready();
    for (const { port } of Object.values(herds)) {
      await proxy.service(port, ({ replicas, listening }) => {
        return listening.length > 0 && replicas.filter(({ state }) => state === "up").length === 3;
      });
    }
    return new Soak({ owned, options, proxy, mischief, herds, canary });
  }

  /** Runs for so long; tells once a minute how it goes. */
  async run(ms: number, tell: (line: string) => void): Promise<void> {
    const startedAt = performance.now();
    const stop = new AbortController();
    const traffic = this.#sendAll(stop.signal);
    let toldAt = startedAt;
    let faults = 0;
    while (performance.now() - startedAt < ms) {
      await this.#mischief.next();
      faults += 1;
      this.#sample(startedAt);
      if (performance.now() - toldAt < 60_000) continue;
      toldAt = performance.now();
      const minutes = Math.round((toldAt - startedAt) / 60_000);
      const { megabytes = 0 } = this.#memory.at(-1) ?? {};
      const served = Object.entries(this.#tallies).map(
        ([kind, tally]) => `${tally.served} ${kind}`,
      );
      tell(`${minutes} min: served ${served.join(", ")}; ${faults} faults, ${megabytes} MB`);
    }
    stop.abort();
    await traffic;
  }

  /** Everything that must hold, looked at when all traffic has ended. */
  async verdicts(): Promise<Holding[]> {
    const slope = slopeOf(this.#memory);
    const { connections, requests, kept, datagrams } = this.#tallies;
    return [
      await holding("the canary", () => this.#song.assertWell(), `${this.#song.served} served`),
      await holding("the process", () => this.#proxy.assertHeld(), "as it was at the start"),
      verdictOn("connections while replicas come and go", connections),
      verdictOn("requests on connections of their own", requests),
      verdictOn("requests on kept connections", kept),
      // A datagram to who has just died is lost: that it did not arrive is all that tells. Each client may lose two.
      verdictOn(
        "datagrams",
        datagrams,
        2 * clientsFor(this.#options.perSecond) * this.#herds.datagrams.deaths,
      ),
      {
        // What a short run shows is start-up, not a leak.
        name: "memory",
        holds: (this.#memory.at(-1)?.atHours ?? 0) < 1 || slope < 4,
        shown: `${slope.toFixed(1)} MB an hour over the second half`,
      },
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  async #sendAll(signal: AbortSignal): Promise<void> {
    const { perSecond } = this.#options;
    const { streams, pages, datagrams } = this.#herds;
    const tallies = this.#tallies;
    const half = perSecond / 2;
    const to = (herd: Herd, tally: Tally, rate: number): TrafficOptions => {
      return { port: herd.port, perSecond: rate, signal, tally, deaths: () => herd.deaths };
    };
    await Promise.all([
      sendTraffic(to(streams, tallies.connections, perSecond)),
      sendRequests(to(pages, tallies.requests, half)),
      keepRequesting(to(pages, tallies.kept, half)),
      sendDatagrams(to(datagrams, tallies.datagrams, perSecond)),
    ]);
  }

  #sample(startedAt: number): void {
    const status = readFileSync(`/proc/${this.#proxy.pid}/status`, "utf8");
    const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    const atHours = (performance.now() - startedAt) / 3_600_000;
    this.#memory.push({ atHours, megabytes: Math.round(kilobytes / 1024) });
  }
}
/** A replica that answers each request with what it asks for. */
function startPages(): Promise<TcpReplica> {
  return answering((socket, head) => saying(head.split(" ")[1] ?? "")(socket));
}
