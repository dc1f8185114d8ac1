import assert from "node:assert/strict";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { getuid } from "node:process";
import { suite, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { Lineage } from "../support/lineage.ts";
import type { Program } from "../support/program.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { freePortOfBoth, UdpClient } from "../support/udp-client.ts";
import { namedDatagram, UdpReplica } from "../support/udp-replica.ts";

/** A client whose words have come back. */
/** A client that is served; those who come before a replica is known to be up are turned away. */
async function served(port: number): Promise<TcpClient> {
  return await eventually(async () => {
    const client = await TcpClient.open(port);
    client.socket.write("ping");
    await eventually(() => client.text === "ping" || client.closed, { what: "an echo" });
    if (client.text === "ping") return client;
    await client[Symbol.asyncDispose]();
    return undefined;
  });
}

async function stillServed(client: TcpClient): Promise<void> {
  const before = client.text;
  client.socket.write("ping");
  await eventually(() => client.text === `${before}ping`, { what: "an echo" });
}

/** Asks again and again; everything but `want` that it heard until it is disposed. */
class Listening implements AsyncDisposable {
  readonly strange: string[] = [];
  heard = 0;
  readonly #run: Promise<void>;
  #isOver = false;

  constructor(ask: () => Promise<string>, want: string) {
    this.#run = this.#listen(ask, want);
  }

  async #listen(ask: () => Promise<string>, want: string): Promise<void> {
    while (!this.#isOver) {
      const said = await ask();
      if (said === want) this.heard += 1;
      else this.strange.push(said);
      await wait(2);
    }
  }

  async assertWell(): Promise<void> {
    await this[Symbol.asyncDispose]();
    assert.deepEqual(this.strange, []);
    assert.ok(this.heard > 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#run;
  }
}

/** The answer to a datagram, of which one may be lost where a socket closes. */
async function askAgain(client: UdpClient): Promise<string> {
  const withinMs = 2000;
  const first = await client.ask("who", withinMs).catch(() => undefined);
  return String(first ?? (await client.ask("who", withinMs).catch(() => "silence")));
}

function isRunning({ child }: Program): boolean {
  return child.exitCode === null && child.signalCode === null;
}

for (const workers of [1, 2]) {
  test(`with ${workers} workers: the new one takes over, connections live on in the old one, all ports answer all the time (L09)`, async () => {
    await using lineage = await Lineage.open({ workers });
    await using datagrams = await UdpReplica.start(namedDatagram("udp"));
    const [dnsPort, udpPort] = [await freePort(), await freePortOfBoth()];
    const replica = datagrams.port;
    lineage.list([
      { app: "/web", port: lineage.port },
      { app: "/datagrams", port: udpPort, protocol: "udp", replica },
    ]);
    const flags = { "enable-dns": "true", "dns-port": String(dnsPort) };
    const old = await lineage.first(flags);
    const resolver = new Resolver({ timeout: 500, tries: 4 });
    resolver.setServers([`127.0.0.1:${dnsPort}`]);
    const resolve = async (): Promise<string> =>
      String(await resolver.resolve4("web.mmsd").catch((error: Error) => error.message));
    await using status = new Listening(() => lineage.status(), "200 OK\n");
    await using names = new Listening(resolve, "127.0.0.1");
    await using client = await UdpClient.open(udpPort);
    await using answers = new Listening(() => askAgain(client), "udp");
    await using kept = await served(lineage.port);
    const next = await lineage.next(flags);
    await old.logged("draining");
    await stillServed(kept);
    await using fresh = await served(lineage.port);
    assert.ok(isRunning(old), "the old one waits for its connection");
    kept.socket.end();
    assert.equal(await old.exit(), 0);
    await eventually(() => kept.closed);
    assert.equal(kept.error, undefined);
    await stillServed(fresh);
    await status.assertWell();
    await names.assertWell();
    await answers.assertWell();
    assert.equal(statSync(lineage.socket).mode & 0o777, 0o600);
    // The lock against silent sharing has passed on, too.
    const stranger = lineage.start({ takeover: lineage.folder.file("other.sock") });
    assert.equal(await stranger.exit(), 1);
    assert.ok(isRunning(next));
  });
}

suite("a successor that fails is not noticed by the one that serves", () => {
  /** The successor ends by itself with this code, and nobody else notices. */
  async function fails(
    lineage: Lineage,
    successor: Program,
    { code = 1, says }: { readonly code?: number; readonly says: RegExp },
  ): Promise<void> {
    await using status = new Listening(() => lineage.status(), "200 OK\n");
    assert.equal(await successor.exit(), code);
    assert.match(`${successor.stdout}${successor.stderr}`, says);
    await using _ = await served(lineage.port);
    await status.assertWell();
  }

  test("bad configuration, a port of somebody else, another path, a source that says nothing", async () => {
    await using lineage = await Lineage.open();
    await using squatter = createServer().listen(0, "127.0.0.1");
    await once(squatter, "listening");
    const bound = squatter.address();
    assert.ok(bound !== null && typeof bound !== "string");
    const old = await lineage.first();
    await using kept = await served(lineage.port);
    const taken = lineage.start({ "status-endpoint": `127.0.0.1:${bound.port}` });
    await fails(lineage, lineage.start({ "drain-timeout": "never" }), {
      code: 78,
      says: /--drain-timeout/,
    });
    await fails(lineage, taken, { says: /EADDRINUSE/ });
    const stranger = lineage.start({ takeover: lineage.folder.file("other.sock") });
    await fails(lineage, stranger, {
      says: /another portolan with shared ports serves on 127\.0\.0\.1/,
    });
    const lost = lineage.start({ takeover: lineage.folder.file("services.json") });
    await fails(lineage, lost, { says: /services\.json is there and no socket/ });
    const waits = lineage.start({ file: lineage.folder.file("nothing.json") });
    await waits.logged(/taking over when ready/);
    // One at a time may be about to take over.
    await fails(lineage, lineage.start(), {
      says: /another portolan is about to take over on 127\.0\.0\.1/,
    });
    waits.signal("SIGTERM");
    await fails(lineage, waits, { code: 0, says: /"stopped"/ });
    await stillServed(kept);
    assert.doesNotMatch(old.stdout, /takes over|draining/);
    assert.ok(isRunning(old));
  });

  test(
    "it may not bind a port that the other one has",
    { skip: getuid?.() === 0 ? false : "needs root to give up root" },
    async () => {
      await using lineage = await Lineage.open({ port: 82 });
      const old = await lineage.first();
      const weak = lineage.start({}, { unprivileged: true });
      await fails(lineage, weak, {
        says: /does not yield: it has ports .*tcp\/82 127\.0\.0\.1:82/,
      });
      await old.logged("does not yield to another portolan");
      assert.doesNotMatch(old.stdout, /draining/);
    },
  );
});

test("three generations, the first of which hangs: it is reported, keeps its connections, and yields when it comes to itself", async () => {
  await using lineage = await Lineage.open();
  const old = await lineage.first();
  await using kept = await served(lineage.port);
  old.signal("SIGSTOP");
  const next = await lineage.next();
  assert.ok(next.log.some(({ msg }) => /does not answer: it keeps its share/.test(String(msg))));
  // A third one is not held up by the first.
  const third = await lineage.next();
  assert.equal(await next.exit(), 0);
  old.signal("SIGCONT");
  await old.logged("draining");
  await stillServed(kept);
  kept.socket.end();
  assert.equal(await old.exit(), 0);
  await using _ = await served(lineage.port);
  assert.ok(isRunning(third));
});

for (const signal of ["SIGTERM", "SIGKILL"] as const) {
  test(`${signal} to the old one while the new one prepares leaves that the ports at once`, async () => {
    await using lineage = await Lineage.open();
    const old = await lineage.first();
    await using kept = await served(lineage.port);
    const next = lineage.start({ file: lineage.folder.file("later.json") });
    await next.logged(/taking over when ready/);
    old.signal(signal);
    await next.logged("took over");
    assert.equal(await lineage.status(), "503 INITIALIZING\n");
    const services = readFileSync(lineage.folder.file("services.json"), "utf8");
    lineage.folder.replace("later.json", services);
    await eventually(async () => (await lineage.status()) === "200 OK\n");
    await using _ = await served(lineage.port);
    if (signal === "SIGTERM") await stillServed(kept);
    kept.socket.destroy();
    assert.equal(await old.exit(), signal === "SIGTERM" ? 0 : null);
    assert.ok(isRunning(next));
  });
}

test("files are the successor's from the moment it has taken over; a port that neither has is no hindrance", async () => {
  await using lineage = await Lineage.open();
  await using squatter = createServer().listen(0, "127.0.0.1");
  await once(squatter, "listening");
  const bound = squatter.address();
  assert.ok(bound !== null && typeof bound !== "string");
  const services = [
    { app: "/web", port: lineage.port },
    { app: "/blocked", port: bound.port },
  ];
  lineage.list(services);
  const confd = lineage.folder.file("confd");
  const files = (): string[] => readdirSync(confd).filter((name) => name.endsWith(".instances"));
  const flags = { "upstream-confd": confd, "state-file": lineage.folder.file("state") };
  const old = await lineage.first(flags);
  await eventually(() => files().join() === "blocked.instances,web.instances");
  await old.logged(/cannot listen on/);
  await using kept = await served(lineage.port);
  await lineage.next({ ...flags, "upstream-names": "mmsd" });
  const mmsd = [`blocked-0-${bound.port}.instances`, `web-0-${lineage.port}.instances`];
  await eventually(() => files().join() === mmsd.join());
  const other = await freePort();
  lineage.list([...services, { app: "/more", port: other }]);
  // The old one hears of it, too, for the sake of the connections it has.
  await eventually(() => old.log.filter(({ msg }) => msg === "routing changed").length === 2);
  const after = [`more-0-${other}.instances`, ...mmsd].toSorted();
  await eventually(() => files().toSorted().join() === after.join());
  kept.socket.end();
  assert.equal(await old.exit(), 0);
  assert.deepEqual(files().toSorted(), after);
  await using _ = await served(other);
});
