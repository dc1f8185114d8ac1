import assert from "node:assert/strict";
import { connect } from "node:net";
import { seeded } from "../../support/faults/seeded.ts";
import { freePort } from "../../support/free-port.ts";
import { realHello } from "../../support/real-hello.ts";
import { readSamples, type MetricSample } from "../../support/samples.ts";
import { apps, largeHost, onLargeStage } from "../large-stage.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";

/** Clients that come with words of their own; each of them says these in a place of its own. */
const strangers = 4000;
const word = "stranger";
/** Series of services that a page has room for; those of listeners, one for each here, and of the process are always there. */
const mostSeries = 200_000 + apps + 1000;

interface Said {
  readonly host: string;
  readonly port: number;
  readonly bytes: Buffer | string;
}

/** Says something from an address of loopback, and takes what comes until the other side ends. */
async function say({ host, port, bytes }: Said, localAddress: string): Promise<void> {
  const socket = connect({ host, port, localAddress });
  socket.on("error", () => undefined);
  socket.resume();
  socket.end(bytes);
  // Not by `once`, which rejects when it is reset.
  await new Promise<void>((resolve) => {
    socket.on("close", () => resolve());
  });
}

/** What each stranger says where; the hello has a name of a fixed length. */
async function sayings(
  ports: {
    readonly http: number;
    readonly tls: number;
    readonly status: number;
    readonly first: number;
  },
  random: () => number,
): Promise<(index: number) => Said> {
  const named = (index: number): string => `${word}-${String(index).padStart(6, "0")}.test`;
  const hello = await realHello({ servername: named(0) });
  const at = hello.indexOf(named(0));
  assert.ok(at > 0);
  return (index) => {
    const name = named(index);
    const request = `${index % 8 < 4 ? "GET" : word.toUpperCase()} /${name}?${name} HTTP/1.1\r\nHost: ${name}\r\nUser-Agent: ${name}\r\nX-Forwarded-For: ${name}\r\n\r\n`;
    const bytes = Buffer.from(hello);
    bytes.write(name, at, "latin1");
    const places = [
      { host: "127.0.0.1", port: ports.http, bytes: request },
      { host: "127.0.0.1", port: ports.tls, bytes },
      { host: "127.0.0.1", port: ports.status, bytes: request },
      { host: largeHost, port: ports.first + Math.floor(random() * apps), bytes: request },
    ];
    return places[index % places.length] ?? { host: "127.0.0.1", port: ports.http, bytes: request };
  };
}

function seriesOf(samples: readonly MetricSample[]): Set<string> {
  return new Set(samples.map(({ name, labels }) => name + JSON.stringify(labels)));
}

/** Ten thousand apps, and clients whose names, paths, methods and addresses are all different. */
async function manyStrangers(options: LoadOptions): Promise<void> {
  const [http, tls] = [await freePort(), await freePort()];
  const gateway = ["--enable-gateway", "--gateway-bind=127.0.0.1"];
  const args = [...gateway, `--gateway-port-http=${http}`, `--gateway-port-https=${tls}`];
  await onLargeStage({ ...options, args }, async ({ proxy, firstPort }) => {
    const random = seeded(7);
    const ports = { http, tls, status: proxy.statusPort, first: firstPort };
    const saying = await sayings(ports, random);
    const before = seriesOf(readSamples(await proxy.text("/metrics")));
    let come = 0;
    const lane = async (): Promise<void> => {
      while (come < strangers) {
        const index = come;
        come += 1;
        const [third, last] = [Math.floor(index / 250), 1 + (index % 250)];
        await say(saying(index), `127.99.${third}.${last}`);
      }
    };
    await Promise.all(Array.from({ length: 20 }, lane));
    const page = await proxy.text("/metrics");
    const samples = readSamples(page);
    const after = seriesOf(samples);
    const added = [...after].filter((series) => !before.has(series));
    const families = new Set(added.map((series) => series.slice(0, series.indexOf("{"))));
    options.tell(
      `${strangers} strangers, no two alike: ${before.size} series before, ${after.size} after`,
    );
    options.tell(`new ones are of ${[...families].join(", ")}`);
    assert.ok(!page.toLowerCase().includes(word) && !page.includes("127.99."));
    assert.ok(after.size <= mostSeries);
    const unknown = samples.filter(({ name }) => name === "portolan_gateway_unknown_hosts_total");
    const hosts = unknown.reduce((sum, { value }) => sum + value, 0);
    options.tell(`${hosts} unknown hosts, in ${unknown.length} numbers`);
    assert.ok(hosts >= strangers / 4);
  });
}

export const cardinalityRows: readonly LoadRow[] = [
  {
    id: "A07",
    what: "10,000 apps and 4000 strangers, each with names and an address of its own",
    run: manyStrangers,
  },
];
