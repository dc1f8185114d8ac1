import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { Program } from "../support/program.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";

async function withConnection(
  args: readonly string[],
  story: (proxy: RunningProxy, client: TcpClient, port: number) => Promise<void>,
): Promise<void> {
  await using replica = await TcpReplica.start(named("r"));
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp(app("/web", port));
  place(marathon, "/web", replica.port);
  await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? "", ...args]);
  await proxy.ready();
  await using client = await TcpClient.open(port);
  await eventually(() => client.text === "r\n");
  await story(proxy, client, port);
}

test("SIGTERM: not ready, no new connections, running ones end in peace, exit 0 (L04)", async () => {
  await withConnection([], async (proxy, client, port) => {
    proxy.signal("SIGTERM");
    await eventually(async () => {
      const status = await proxy.get("/status");
      return status.status === 503 && (await status.text()) === "TERMINATING\n";
    });
    await eventually(async () => {
      await using refused = new TcpClient(port);
      await eventually(() => refused.closed || refused.text.length > 0);
      return refused.error?.code === "ECONNREFUSED";
    });
    const bytes = Buffer.alloc(500_000, "x");
    client.socket.write(bytes);
    await eventually(() => client.received.length === bytes.length + 2);
    client.socket.end();
    assert.equal(await proxy.exit(), 0);
    assert.equal(client.error, undefined);
  });
});

test("connections that outlast the drain timeout are reset, exit 0 (L04)", async () => {
  await withConnection(["--drain-timeout", "300ms"], async (proxy, client) => {
    proxy.signal("SIGTERM");
    assert.equal(await proxy.exit(), 0);
    await eventually(() => client.closed);
    assert.equal(client.error?.code, "ECONNRESET");
    assert.ok(proxy.log.some(({ msg }) => String(msg).startsWith("drain timeout")));
  });
});

test("a second signal ends it now (L05)", async () => {
  await withConnection(["--drain-timeout", "10m"], async (proxy) => {
    proxy.signal("SIGTERM");
    await proxy.logged("draining");
    proxy.signal("SIGINT");
    assert.equal(await proxy.exit(), 0);
  });
});

test("SIGTERM while nothing has been read yet ends it at once (L05)", async () => {
  await using proxy = await RunningProxy.start(["--marathon", "http://127.0.0.1:1"]);
  proxy.signal("SIGTERM");
  assert.equal(await proxy.exit(), 0);
});

test("SIGHUP does not end it but looks again (L06)", async () => {
  await withConnection([], async (proxy) => {
    const syncs = async (): Promise<number> =>
      (await proxy.metric("portolan_discovery_syncs_total", { result: "ok" })) ?? 0;
    // The looks that follow the start are over.
    let before = -1;
    await eventually(async () => {
      const now = await syncs();
      const still = now === before;
      before = now;
      return still;
    });
    proxy.signal("SIGHUP");
    await eventually(async () => (await syncs()) > before);
  });
});

const commandLines: {
  readonly name: string;
  readonly args: readonly string[];
  readonly code: number;
  readonly says: readonly RegExp[];
}[] = [
  {
    name: "unknown flag",
    args: ["run", "--marathn", "http://m:1"],
    code: 2,
    says: [/--marathn/, /--marathon/],
  },
  { name: "unknown command", args: ["rnu"], code: 2, says: [/rnu/] },
  {
    name: "several bad values at once",
    args: ["run", "--marathon", "ftp://m", "--workers", "0", "--port-range", "9-1"],
    code: 78,
    says: [/--marathon/, /--workers/, /--port-range/],
  },
  { name: "no source", args: ["run"], code: 78, says: [/--marathon/, /portolan demo/] },
];

for (const { name, args, code, says } of commandLines) {
  test(`${name}: exit code ${code} and every problem on stderr (L23)`, async () => {
    await using program = new Program({ args });
    assert.equal(await program.exit(), code);
    for (const pattern of says) assert.match(program.stderr, pattern);
    assert.equal(program.stdout, "");
  });
}

test("version and help go to stdout", async () => {
  await using version = new Program({ args: ["--version"] });
  assert.equal(await version.exit(), 0);
  assert.match(version.stdout, /^portolan \d+\.\d+\.\d+ \(node v/);
  await using help = new Program({ args: ["--help"] });
  assert.equal(await help.exit(), 0);
  assert.match(help.stdout, /--marathon/);
});
