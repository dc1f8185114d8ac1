import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { answering, get } from "../../support/http-exchange.ts";
import { app, place, startMarathon } from "../../support/marathon.ts";
import { RunningProxy } from "../../support/running-proxy.ts";
import { TcpClient } from "../../support/tcp-client.ts";
import { echo, named, TcpReplica } from "../../support/tcp-replica.ts";
import { Crowd } from "../crowd.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";
import { onLoadStage } from "../load-stage.ts";

const tenMinutes = 600;
const pace = ["--check-interval", "500ms", "--check-fast-interval", "200ms"];

/** Heads that come by one byte in five seconds. */
async function drippingHeads({ tell }: LoadOptions): Promise<void> {
  const count = 2000;
  await using replica = await TcpReplica.start(echo);
  const port = await freePort();
  const service = { app: "/heads", port, options: { mode: "http" }, replicas: [replica.port] };
  await onLoadStage({ services: [service] }, async () => {
    const startedAt = performance.now();
    const say = Buffer.from("GET / HTTP/1.1\r\nHost: a.test\r\nX-Slow: ");
    await using crowd = await Crowd.gather({ port, count, say, dripMs: 5000 });
    const connected = async (): Promise<boolean> => (await crowd.faring()).connected === count;
    await eventually(connected, { withinMs: 60_000, what: `${count} connections` });
    const closed = async (): Promise<boolean> => (await crowd.faring()).closed === count;
    await eventually(closed, { withinMs: 60_000, what: "the end of all of them" });
    tell(`all ended after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    const { greeted } = await crowd.faring();
    assert.equal(greeted, count, "each is told why");
    assert.ok(replica.sockets.every(({ bytesRead }) => bytesRead === 0));
  });
}

/** An answer that goes on and on, with long silences in it. */
async function rareEvents({ tell, seconds = tenMinutes }: LoadOptions): Promise<void> {
  const everyMs = 30_000;
  let said = 0;
  await using replica = await answering((socket) => {
    socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
    const events = setInterval(() => socket.write(`data: ${(said += 1)}\n\n`), everyMs);
    socket.once("close", () => clearInterval(events));
  });
  const port = await freePort();
  const service = { app: "/events", port, options: { mode: "http" }, replicas: [replica.port] };
  await onLoadStage({ services: [service] }, async () => {
    await using client = await TcpClient.open(port);
    client.socket.write(get());
    await eventually(() => client.text.endsWith("\r\n\r\n"), { what: "the head alone" });
    const wanted = Math.max(1, Math.floor((seconds * 1000) / everyMs));
    for (let event = 1; event <= wanted; event += 1) {
      const heard = (): boolean => client.text.includes(`data: ${event}\n\n`);
      await eventually(heard, { withinMs: everyMs + 10_000, what: `event ${event}` });
      assert.equal(said, event, "it came before the next one was said");
    }
    assert.ok(!client.ended && !client.closed);
    tell(`${wanted} events heard, one every ${everyMs / 1000} s`);
  });
}

/** A tunnel that nobody says anything in for long, and a lot afterwards. */
async function quietTunnel({ tell, seconds = tenMinutes }: LoadOptions): Promise<void> {
  const pieces = 64;
  const piece = randomBytes(1 << 20);
  await using replica = await answering((socket) => {
    socket.removeAllListeners("data");
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: any\r\n\r\n");
    echo(socket);
  });
  const port = await freePort();
  const service = { app: "/tunnel", port, options: { mode: "http" }, replicas: [replica.port] };
  await onLoadStage({ services: [service] }, async () => {
    await using client = await TcpClient.open(port);
    client.socket.write(get().replace(/\r\n$/, "Connection: Upgrade\r\nUpgrade: any\r\n\r\n"));
    await eventually(() => client.text.endsWith("\r\n\r\n"));
    assert.match(client.text, /^HTTP\/1\.1 101 /);
    await wait(seconds * 1000);
    assert.ok(!client.ended && !client.closed, "silence is no reason to end");
    const before = client.received.length;
    for (let count = 0; count < pieces; count += 1) client.socket.write(piece);
    const size = (): number => client.chunks.reduce((sum, { length }) => sum + length, 0);
    await eventually(() => size() === before + pieces * piece.length, { withinMs: 60_000 });
    const back = client.received.subarray(before);
    for (let count = 0; count < pieces; count += 1) {
      assert.ok(back.subarray(count * piece.length, (count + 1) * piece.length).equals(piece));
    }
    tell(`${pieces} MiB both ways after ${seconds} s of silence`);
  });
}

/** A program that does not run for long, as on a machine that sleeps. */
async function sleep({ tell, seconds = tenMinutes }: LoadOptions): Promise<void> {
  await using owned = new AsyncDisposableStack();
  await using marathon = await startMarathon();
  const port = await freePort();
  // Without a check of its own, whose interval would be a minute.
  marathon.putApp({ ...app("/web", port), healthChecks: [] });
  for (let count = 0; count < 8; count += 1) {
    place(marathon, "/web", owned.use(await TcpReplica.start(named("web"))).port);
  }
  const canary = "none: it would wait for minutes";
  const excused = { loop: "it is stopped on purpose" };
  const args = ["--marathon", marathon.urls[0] ?? "", ...pace];
  await using proxy = await RunningProxy.start(args, {}, { excused, canary });
  await proxy.ready();
  await proxy.service(port, ({ listening }) => listening.length > 0);
  await using client = await TcpClient.open(port);
  await eventually(() => client.text === "web\n");
  const opened = (): number =>
    proxy.log.filter(({ msg }) => msg === "marathon event stream is open").length;
  await eventually(() => opened() === 1);
  proxy.signal("SIGSTOP");
  await wait(seconds * 1000);
  proxy.signal("SIGCONT");
  const wokenAt = performance.now();
  client.socket.write("awake");
  await eventually(() => client.text.endsWith("awake"), { what: "its connection lives on" });
  marathon.putApp(app("/new", await freePort()));
  await eventually(async () => (await proxy.table()).services.length === 2, { withinMs: 30_000 });
  tell(`it heard what is new ${Math.round(performance.now() - wokenAt)} ms after it was woken`);
  await wait(10_000);
  const changes = proxy.log.filter(({ msg }) => msg === "routing changed");
  assert.ok(changes.every((line) => !/ down/.test(String(line["changes"]))));
}

/** Marathon is away for long, while replicas die and come back. */
async function longAbsence({ tell, seconds = tenMinutes }: LoadOptions): Promise<void> {
  await using steady = await TcpReplica.start(named("steady"));
  let mortal = await TcpReplica.start(named("mortal"));
  await using marathon = await startMarathon();
  const port = await freePort();
  // Without a check of its own, whose interval would be a minute.
  marathon.putApp({ ...app("/web", port), healthChecks: [] });
  place(marathon, "/web", steady.port);
  place(marathon, "/web", mortal.port);
  await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? "", ...pace]);
  await proxy.ready();
  await proxy.service(port, ({ replicas }) => replicas.every(({ state }) => state === "up"));
  await marathon.stopMember(0);
  const until = performance.now() + seconds * 1000;
  let rounds = 0;
  const isMortal = async (state: string): Promise<void> => {
    const address = `127.0.0.1:${mortal.port}`;
    let shown: unknown;
    const isSo = async (): Promise<boolean> => {
      const replicas = (await proxy.table()).services.flatMap((one) => one.replicas);
      shown = replicas;
      return replicas.some((one) => one.address === address && one.state === state);
    };
    await eventually(isSo, { withinMs: 30_000 }).catch(() => {
      assert.fail(`in round ${rounds} ${address} is not ${state}: ${JSON.stringify(shown)}`);
    });
  };
  for (; performance.now() < until || rounds === 0; rounds += 1) {
    await mortal[Symbol.asyncDispose]();
    await isMortal("down");
    mortal = await TcpReplica.start(named("mortal"), mortal.port);
    await isMortal("up");
    for (const path of ["/status", "/ready", "/healthz"]) {
      assert.equal((await proxy.get(path)).status, 200);
    }
    await using client = await TcpClient.open(port);
    await eventually(() => client.text !== "");
  }
  tell(`a replica died and came back ${rounds} times in ${seconds} s without a Marathon`);
  await marathon.startMember(0);
  marathon.putApp(app("/new", await freePort()));
  await eventually(async () => (await proxy.table()).services.length === 2, { withinMs: 60_000 });
  await mortal[Symbol.asyncDispose]();
}

export const patientRows: readonly LoadRow[] = [
  { id: "W09", what: "2000 heads by a byte in five seconds", run: drippingHeads },
  { id: "W11", what: "a tunnel silent for 10 minutes, then 64 MiB both ways", run: quietTunnel },
  { id: "W19", what: "an answer with an event every 30 s, for 10 minutes", run: rareEvents },
  { id: "L20", what: "stopped for 10 minutes, and woken", run: sleep },
  {
    id: "M01",
    what: "no Marathon for 10 minutes, in which replicas live and die",
    run: longAbsence,
  },
];
