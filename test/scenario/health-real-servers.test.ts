import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { isMissing, ServerProcess, TemporaryDirectory } from "../support/real-server.ts";
import { RealRedis } from "../support/redis.ts";
import { ReplicaProcess } from "../support/replica-process.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { TcpClient } from "../support/tcp-client.ts";

/** What a client of this port hears until `enough` holds; undefined when the connection ends before. */
async function hear(
  port: number,
  said: string,
  enough: (text: string) => boolean,
): Promise<string | undefined> {
  await using client = new TcpClient(port);
  client.socket.write(said);
  await eventually(() => enough(client.text) || client.ended || client.closed, {
    withinMs: 20_000,
  });
  return enough(client.text) ? client.text : undefined;
}

const quick = ["--check-interval", "1s", "--check-timeout", "1s"];

/** A proxy in front of these ports of this host, as replicas of one app whose port has this label `proto`. */
async function inFront(
  { proto, ports }: { readonly proto: string; readonly ports: readonly number[] },
  options: readonly string[] = [],
): Promise<
  AsyncDisposable & {
    readonly port: number;
    readonly proxy: RunningProxy;
    /** Waits until exactly these are up; the reason of another one. */
    readonly up: (ports: readonly number[]) => Promise<string>;
  }
> {
  await using stack = new AsyncDisposableStack();
  const marathon = stack.use(await startMarathon());
  const port = await freePort();
  const labels = { proto };
  marathon.putApp({
    ...app("/demo/real", port),
    healthChecks: [],
    portDefinitions: [{ port, protocol: "tcp", labels }],
  });
  for (const each of ports) place(marathon, "/demo/real", each);
  const args = [
    "--marathon",
    marathon.urls[0] ?? "",
    "--refresh-interval",
    "1s",
    ...quick,
    ...options,
  ];
  const proxy = stack.use(await RunningProxy.start(args));
  await proxy.ready();
  const kept = stack.move();
  return {
    port,
    proxy,
    up: async (wanted) => {
      const want = wanted.map((each) => `127.0.0.1:${each}`).toSorted();
      const { replicas } = await proxy.service(port, (service) => {
        const up = service.replicas.filter(({ state }) => state === "up");
        return String(up.map(({ address }) => address).toSorted()) === String(want);
      });
      return replicas.find(({ state }) => state !== "up")?.reason ?? "";
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const isWritten = (text: string): boolean => /^[+-].*\r\n/.test(text);

suite("a real Redis", { skip: isMissing("redis-server"), timeout: 90_000 }, () => {
  test("whose master is killed is followed to the replica that is promoted", async () => {
    using directory = new TemporaryDirectory();
    await using one = await RealRedis.start(directory);
    await using two = await RealRedis.start(directory, ["--replicaof", `127.0.0.1 ${one.port}`]);
    await using stage = await inFront({ proto: "redis-master", ports: [one.port, two.port] });
    await stage.up([one.port]);
    assert.equal(await hear(stage.port, "SET key one\r\n", isWritten), "+OK\r\n");
    await one.server.kill();
    await stage.up([]);
    await two.tell("REPLICAOF NO ONE");
    assert.match(await stage.up([two.port]), /^probe L4CON: refused/);
    for (let times = 0; times < 20; times += 1) {
      assert.equal(await hear(stage.port, "SET key two\r\n", isWritten), "+OK\r\n");
    }
  });

  test("that is stopped leaves, and comes back when it goes on", async () => {
    using directory = new TemporaryDirectory();
    await using one = await RealRedis.start(directory);
    await using two = await RealRedis.start(directory);
    await using stage = await inFront({ proto: "redis", ports: [one.port, two.port] });
    await stage.up([one.port, two.port]);
    one.server.signal("SIGSTOP");
    assert.match(await stage.up([two.port]), /^probe L7TOUT/);
    for (let times = 0; times < 20; times += 1) {
      assert.equal(await hear(stage.port, "PING\r\n", isWritten), "+PONG\r\n");
    }
    one.server.signal("SIGCONT");
    await stage.up([one.port, two.port]);
  });

  test("that wants a password gets the one of its app, and another one once the file has it", async () => {
    using directory = new TemporaryDirectory();
    await using redis = await RealRedis.start(directory, ["--requirepass", "sesame"]);
    const file = directory.write("secrets", '"/demo/real": simsim\n"/demo/other": sesame\n');
    const options = ["--check-secrets", file];
    await using stage = await inFront({ proto: "redis-master", ports: [redis.port] }, options);
    const { proxy, port } = stage;
    const { replicas } = await proxy.service(port, (one) => one.replicas[0]?.state === "down");
    assert.match(replicas[0]?.reason ?? "", /^probe L7RSP: -WRONGPASS/);
    directory.write("secrets", '"/demo/real": sesame\n');
    await stage.up([redis.port]);
    assert.doesNotMatch(await proxy.text("/api/explain/demo/real"), /sesame/);
    directory.write("secrets", '"/demo/real": [\n');
    await eventually(async () => /cannot be read/.test(await proxy.text("/api/problems")));
    await stage.up([redis.port]);
  });
});

suite("a real nginx", { skip: isMissing("nginx"), timeout: 90_000 }, () => {
  const page = "GET / HTTP/1.0\r\n\r\n";
  const isPage = (text: string): boolean => text.endsWith("\r\n\r\nhello");

  async function startNginx(directory: TemporaryDirectory): Promise<{
    readonly port: number;
    readonly server: ServerProcess;
  }> {
    const port = await freePort();
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((name) => `${name}_temp_path ${directory.path}/${name}${port};`)
      .join(" ");
    const file = directory.write(
      `nginx${port}.conf`,
      `daemon off; master_process off; pid ${directory.path}/pid${port}; error_log stderr error;
events {} http { access_log off; ${temporary}
  server { listen 127.0.0.1:${port}; location / { return 200 hello; } } }`,
    );
    const server = new ServerProcess("nginx", ["-c", file, "-e", "stderr"]);
    await eventually(async () => (await hear(port, page, isPage)) !== undefined, {
      what: server.output,
    });
    return { port, server };
  }

  for (const { name, end, reason } of [
    { name: "killed", end: (server: ServerProcess) => server.kill(), reason: /^probe L4CON/ },
    {
      name: "stopped",
      end: async (server: ServerProcess) => server.signal("SIGSTOP"),
      reason: /^probe L7TOUT/,
    },
  ]) {
    test(`that is ${name} leaves, and the next connections are clean`, async () => {
      using directory = new TemporaryDirectory();
      const [one, two] = [await startNginx(directory), await startNginx(directory)];
      await using servers = new AsyncDisposableStack();
      for (const { server } of [one, two]) servers.use(server);
      await using stage = await inFront({ proto: "http", ports: [one.port, two.port] });
      await stage.up([one.port, two.port]);
      await end(one.server);
      assert.match(await stage.up([two.port]), reason);
      for (let times = 0; times < 50; times += 1) {
        assert.ok(await hear(stage.port, page, isPage));
      }
    });
  }
});

test("a real SMTP server that is stopped leaves and comes back; one that is killed does not", async () => {
  await using one = await ReplicaProcess.start("one", "smtp");
  await using two = await ReplicaProcess.start("two", "smtp");
  await using stage = await inFront({ proto: "smtp", ports: [one.port, two.port] });
  await stage.up([one.port, two.port]);
  one.signal("SIGSTOP");
  assert.match(await stage.up([two.port]), /^probe L7TOUT/);
  one.signal("SIGCONT");
  await stage.up([one.port, two.port]);
  await one.kill();
  assert.match(await stage.up([two.port]), /^probe L4CON: refused/);
  const isGreeting = (text: string): boolean => text.includes("\r\n");
  for (let times = 0; times < 20; times += 1) {
    assert.match((await hear(stage.port, "", isGreeting)) ?? "", /^220 .*two/);
  }
});
