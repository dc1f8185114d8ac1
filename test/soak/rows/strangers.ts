import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { freePortOfBoth, UdpClient } from "../../support/udp-client.ts";
import { echoDatagram, UdpReplica } from "../../support/udp-replica.ts";
import { ReplicaProcess } from "../../support/replica-process.ts";
import { TcpClient } from "../../support/tcp-client.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";
import { onLoadStage } from "../load-stage.ts";
import { cpuSeconds, openDescriptors, residentMegabytes } from "../process-figures.ts";
import { believing, noSpoofing, sendSpoofed } from "../spoofed.ts";

/** Sessions a service may have, as it is without an option. */
const mostSessions = 4096;

/** How clients fare that ask twice a second. */
class Regulars {
  asked = 0;
  readonly #clients: readonly UdpClient[];

  constructor(clients: readonly UdpClient[]) {
    this.#clients = clients;
  }

  get answered(): number {
    return this.#clients.reduce((sum, { received }) => sum + received.length, 0);
  }

  async askUntil(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      for (const client of this.#clients) client.send("are you there?");
      this.asked += this.#clients.length;
      await wait(500);
    }
  }
}

/** Datagrams from a hundred thousand addresses, beside clients that are there already. */
async function strangeDatagrams({ tell, seconds = 30 }: LoadOptions): Promise<void> {
  using network = believing();
  await using replica = await UdpReplica.start(echoDatagram, 0, network.outside);
  const port = await freePortOfBoth();
  const services = [{ app: "/udp", port, protocol: "udp", replicas: [replica.port] }] as const;
  await onLoadStage({ services, network }, async ({ proxy }) => {
    await using owned = new AsyncDisposableStack();
    const to = { host: network.inside, from: network.outside };
    const clients: UdpClient[] = [];
    for (let count = 0; count < 100; count += 1) {
      clients.push(owned.use(await UdpClient.open(port, to)));
    }
    const regulars = new Regulars(clients);
    await regulars.askUntil(() => regulars.asked >= 1000);
    const before = { resident: residentMegabytes(proxy.pid), open: openDescriptors(proxy.pid) };
    const used = cpuSeconds(proxy.pid);
    const over = new AbortController();
    const flood = { kind: "datagrams", sources: 100_000, perSecond: 20_000, seconds } as const;
    const sent = sendSpoofed({ ...flood, host: network.inside, port }).finally(() => over.abort());
    // It is awaited when it is over; until then a failure must not end this program.
    sent.catch(() => undefined);
    const asking = regulars.askUntil(() => over.signal.aborted);
    let [sessions, resident, open] = [0, 0, 0];
    while (!over.signal.aborted) {
      const now = await proxy.metric("portolan_udp_sessions_active");
      sessions = Math.max(sessions, now ?? 0);
      resident = Math.max(resident, residentMegabytes(proxy.pid));
      open = Math.max(open, openDescriptors(proxy.pid));
      await wait(500);
    }
    await asking;
    const cores = (cpuSeconds(proxy.pid) - used) / seconds;
    tell(
      `${Math.round((await sent) / seconds)} a second, for ${cores.toFixed(2)} cores of the proxy`,
    );
    await wait(2000);
    const lost = regulars.asked - regulars.answered;
    const grown = resident - before.resident;
    tell(`${lost} of ${regulars.asked} questions of clients from before had no answer`);
    tell(`${sessions} sessions and ${open} descriptors at most, ${Math.round(grown)} MB more`);
    const kernel = await proxy.metric("portolan_udp_kernel_dropped_total");
    tell(`${kernel} datagrams were dropped by the kernel before us`);
    assert.ok(lost <= 0.01 * regulars.asked);
    assert.ok(sessions > mostSessions / 2 && sessions <= mostSessions);
    assert.ok(open <= before.open + mostSessions + 50);
    assert.ok(grown <= 64, `${grown} MB`);
  });
}

/** SYNs that nobody goes on with, from everywhere. */
async function strangeSyns({ tell, seconds = 30 }: LoadOptions): Promise<void> {
  using network = believing();
  const far = { host: network.outside };
  await using replica = await ReplicaProcess.start("web", "sink", far);
  const port = await freePort();
  const services = [{ app: "/web", port, replicas: [replica.port] }];
  await onLoadStage({ services, network }, async ({ proxy }) => {
    const quietSeconds = 5;
    const before = cpuSeconds(proxy.pid);
    await wait(quietSeconds * 1000);
    const quiet = (cpuSeconds(proxy.pid) - before) / quietSeconds;
    const used = cpuSeconds(proxy.pid);
    const over = new AbortController();
    let greeted = 0;
    const flood = { kind: "syns", sources: 100_000, perSecond: 20_000, seconds } as const;
    const sent = sendSpoofed({ ...flood, host: network.inside, port }).finally(() => over.abort());
    sent.catch(() => undefined);
    while (!over.signal.aborted) {
      await using client = await TcpClient.open(port, network.inside);
      await eventually(() => client.text === "web\n");
      greeted += 1;
      await wait(20);
    }
    const share = (cpuSeconds(proxy.pid) - used) / seconds;
    const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;
    tell(`${Math.round((await sent) / seconds)} SYNs a second, ${cookiesSent(proxy.pid)} cookies`);
    tell(`${greeted} honest clients at the flooded port were served, one after the other`);
    tell(`${percent(share)} of a core for the proxy, ${percent(quiet)} without flood and clients`);
    assert.ok(greeted > seconds);
    assert.ok(cookiesSent(proxy.pid) > 0);
    assert.ok(share - quiet < 0.2);
    const accepted = { service: `web:${port}` };
    assert.equal(await proxy.metric("portolan_service_connections_total", accepted), greeted);
  });
}

/** SYN cookies sent so far in the network of a process. */
function cookiesSent(pid: number): number {
  const [names = "", values = ""] = readFileSync(`/proc/${pid}/net/netstat`, "utf8").split("\n");
  const column = names.split(" ").indexOf("SyncookiesSent");
  return Number(values.split(" ")[column] ?? 0);
}

export const strangerRows: readonly LoadRow[] = [
  {
    id: "U08",
    what: "datagrams of 100,000 made up addresses, 20,000 a second for 30 s",
    skip: noSpoofing,
    run: strangeDatagrams,
  },
  {
    id: "L18",
    what: "20,000 SYNs a second of made up addresses for 30 s",
    skip: noSpoofing,
    run: strangeSyns,
  },
];
