import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { promtoolMissing } from "../docker/promtool.ts";
import { eventually } from "../support/eventually.ts";
import { ask, onStage } from "../support/fault-stage.ts";
import { freePort } from "../support/free-port.ts";
import { refuse } from "../support/faults/refuse.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { readSamples } from "../support/samples.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

/** What the status port answers to these bytes, whole. */
async function raw({ statusPort }: RunningProxy, bytes: string): Promise<string> {
  await using client = new TcpClient(statusPort);
  client.socket.write(bytes);
  await eventually(() => client.closed || client.ended);
  return client.text;
}

function request(line: string, ...headers: readonly string[]): string {
  return [`${line} HTTP/1.1`, "Connection: close", ...headers, "", ""].join("\r\n");
}

test("the status port is where the flag says, and nowhere without one (A01)", async () => {
  await onStage({}, async ({ proxy }) => {
    const table = execFileSync("ss", ["-Hltn", `sport = :${proxy.statusPort}`], {
      encoding: "utf8",
    });
    assert.match(table, new RegExp(`127\\.0\\.0\\.1:${proxy.statusPort}\\s`));
    assert.equal(table.trim().split("\n").length, 1);
  });
});

test("a page of another name cannot ask, change or read anything (A02, A03)", async () => {
  await onStage({ args: ["--host-name", "agent-7.example.com"] }, async ({ proxy }) => {
    for (const path of ["/", "/api/table", "/api/explain/web", "/dashboard/client/main.js"]) {
      const answer = await raw(proxy, request(`GET ${path}`, "Host: evil.example"));
      assert.match(answer, /^HTTP\/1\.1 421 /, path);
    }
    // A page that has a name lead here asks by a browser, whatever it asks for.
    const page = ["Host: evil.example", "User-Agent: Mozilla/5.0 (X11; Linux x86_64)"];
    for (const path of [
      "/metrics",
      "/status",
      "/ready",
      "/ping",
      "/healthz",
      "/version",
      "/v1/apps",
    ]) {
      assert.match(await raw(proxy, request(`GET ${path}`, ...page)), /^HTTP\/1\.1 421 /, path);
    }
    for (const host of ["127.0.0.1", "[::1]:9090", "localhost", "agent-7", "agent-7.example.com"]) {
      const answer = await raw(proxy, request("GET /api/table", `Host: ${host}`, ...page.slice(1)));
      assert.match(answer, /^HTTP\/1\.1 200 /, host);
    }
    const { version } = await proxy.table();
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
      const origin = ["Host: 127.0.0.1", "Origin: http://evil.example", "Content-Length: 0"];
      const answer = await raw(proxy, request(`${method} /api/table`, ...origin));
      assert.match(answer, /^HTTP\/1\.1 40[345] /, method);
      assert.doesNotMatch(answer, /access-control/i);
    }
    assert.equal((await proxy.table()).version, version);
  });
});

test("a thousand idle and slow clients of the status port keep nobody from asking (A04)", async () => {
  await onStage({}, async ({ proxy, port }) => {
    const idlers: Socket[] = Array.from({ length: 1000 }, (_, index) => {
      const socket = connect(proxy.statusPort, "127.0.0.1");
      socket.on("error", () => undefined);
      if (index % 3 === 0) socket.write("GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: ");
      // A scraper that asks for page after page and reads none of them.
      if (index % 3 === 1)
        socket.pause().write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20));
      return socket;
    });
    const leave = (): void => {
      for (const socket of idlers) socket.destroy();
    };
    // Those that are paused would never notice that the program has ended, and keep this one from its end.
    using _ = { [Symbol.dispose]: leave };
    const healthy = async (): Promise<boolean> => {
      const answer = await raw(proxy, request("GET /healthz", "Host: x")).catch(() => "");
      return answer.startsWith("HTTP/1.1 200");
    };
    // What they ask for has to be read, at the speed of the machine.
    await eventually(healthy, { withinMs: 60_000 });
    assert.equal(await ask(port), "web");
    leave();
    await eventually(healthy, { withinMs: 60_000 });
  });
});

const oddPaths = [
  "/v1/instances/../../x",
  "/v1/instances/web?portIndex=-1",
  "/v1/instances/web?portIndex=99",
  "/v1/instances/web?portIndex=a:b",
  "/v1/instances/web?portIndex=3:1",
  "/v1/instances/%00",
  "/v1/instances/%",
  "/v1/service_ports/__proto__",
  "/api/explain/constructor",
  "/api/explain/%0d%0aX-Evil:1",
  `/api/${"x".repeat(8192)}`,
  "/dashboard/../../../etc/passwd",
  "/dashboard/%2e%2e%2f%2e%2e%2fpackage.json",
  "//evil.example/",
  "http://evil.example/api/table",
  "*",
];

const pathPart = fc.oneof(
  fc.constantFrom("api", "explain", "v1", "instances", "apps", "web", "table", "dashboard", "live"),
  fc.constantFrom("..", ".", "", "%00", "%2f", "%2e%2e", "%E0%A4%A", "__proto__", "constructor"),
  fc.webSegment(),
);
const anyPath = fc
  .tuple(fc.array(pathPart, { maxLength: 5 }), fc.webQueryParameters())
  .map(([parts, query]) => `/${parts.join("/")}?${query}`)
  .filter((path) => !path.startsWith("/api/live"));

test("odd paths are refused without a word of what is inside (A06)", async () => {
  await onStage({}, async ({ proxy }) => {
    const tell = async (path: string): Promise<string> => {
      const answer = await raw(proxy, request(`GET ${path}`, "Host: 127.0.0.1"));
      assert.doesNotMatch(answer, /node:internal|\.ts:\d|node_modules|root:/, path);
      assert.doesNotMatch(answer, /\r\nX-Evil/, path);
      return answer;
    };
    for (const path of oddPaths) {
      assert.match(await tell(path), /^HTTP\/1\.1 (?:204|4\d\d) /, path);
    }
    const property = fc.asyncProperty(anyPath, async (path) => {
      assert.match(await tell(path), /^HTTP\/1\.1 (?:2\d\d|4\d\d) /, path);
    });
    await fc.assert(property, { numRuns: 300 });
  });
});

test("what strangers send makes no time series (A07)", async () => {
  await onStage({}, async ({ proxy, port }) => {
    const page = async (): Promise<string[]> =>
      readSamples(await proxy.text("/metrics")).map(
        ({ name, labels }) => name + JSON.stringify(labels),
      );
    await ask(port);
    const before = new Set(await page());
    for (let round = 0; round < 50; round += 1) {
      await raw(proxy, request(`GET /${round}`, `Host: h${round}`));
      await ask(port);
    }
    const added = (await page()).filter((series) => !before.has(series));
    assert.deepEqual(
      added.filter((series) => !series.startsWith("nodejs_")),
      [],
    );
  });
});

test(
  "Prometheus finds nothing wrong with the page that it scrapes (A08)",
  { skip: promtoolMissing },
  async () => {
    await onStage({}, async ({ proxy, port }) => {
      await ask(port);
      const { status, stderr } = spawnSync("promtool", ["check", "metrics"], {
        input: await proxy.text("/metrics"),
        encoding: "utf8",
      });
      assert.notEqual(status, null, "promtool has run");
      // The runtime's own families are named by the library that reads them.
      const complaints = stderr.split("\n").filter((line) => !/^(?:nodejs_|$)/.test(line));
      assert.deepEqual(complaints, []);
    });
  },
);

test(
  "names of apps with quotes and backslashes are labels that Prometheus reads, and line breaks are no names (A08)",
  { skip: promtoolMissing },
  async () => {
    await using replica = await TcpReplica.start(named("odd"));
    using folder = new TemporaryFolder();
    const apps = [
      String.raw`/quo"te`,
      String.raw`/back\slash`,
      String.raw`/line\n`,
      String.raw`/end\"`,
    ];
    const services = [...apps, "/line\nbreak", "/\u2028"].map(async (name) => {
      return { app: name, port: await freePort(), replicas: [`127.0.0.1:${replica.port}`] };
    });
    const listed = await Promise.all(services);
    folder.replace("services.json", JSON.stringify({ services: listed }));
    const args = ["--file", folder.file("services.json"), "--metrics-detail", "replica"];
    await using proxy = await RunningProxy.start(args);
    await proxy.ready();
    for (const { port } of listed.slice(0, apps.length)) assert.equal(await ask(port), "odd");
    const page = await proxy.text("/metrics");
    const { status, stderr } = spawnSync("promtool", ["check", "metrics"], {
      input: page,
      encoding: "utf8",
    });
    assert.notEqual(status, null, "promtool has run");
    assert.deepEqual(
      stderr.split("\n").filter((line) => !/^(?:nodejs_|$)/.test(line)),
      [],
    );
    const served = readSamples(page).filter(({ name }) => name === "portolan_service_up");
    // As Prometheus reads them: a backslash stands before what it makes plain.
    const names = served.map(({ labels }) => labels["service"]?.replaceAll(/\\(.)/g, "$1"));
    for (const { app: id, port } of listed.slice(0, apps.length)) {
      assert.ok(names.includes(`${id.slice(1)}:${port}`), `${id} among ${names.join(" ")}`);
    }
    const { length } = (await proxy.text("/api/problems")).match(/is no name of 1 to 255/g) ?? [];
    assert.equal(length, 2);
  },
);

test("no secret is in a page, a log line or the command line (A09)", async () => {
  await using marathon = await startMarathon({ credentials: { user: "u", password: "s3cr3t" } });
  const port = await freePort();
  const env = { TOKEN: "t0ps3cret" };
  marathon.putApp({ ...app("/web", port), env, labels: { "portolan.0.weight": "bad" } });
  const url = new URL(marathon.urls[0] ?? "");
  url.username = "u";
  url.password = "s3cr3t";
  await using proxy = await RunningProxy.start(["--log-level", "debug"], {
    PORTOLAN_MARATHON: url.href,
  });
  await proxy.ready();
  await proxy.service(port);
  const pages = ["/", "/status", "/metrics", "/api/table", "/api/problems", "/api/sources"];
  const texts = await Promise.all([...pages, "/api/explain/web"].map((path) => proxy.text(path)));
  texts.push(proxy.stdout, proxy.stderr, proxy.child.spawnargs.join(" "));
  for (const text of texts) assert.doesNotMatch(text, /s3cr3t|t0ps3cret/);
});

test("a storm of failing connections and names with controls in them leave a readable log (A10, A13)", async () => {
  await using nobody = await refuse();
  const port = await freePort();
  await onStage({ args: ["--log-level", "debug"] }, async ({ marathon, proxy }) => {
    marathon.putApp(app("/storm", port));
    place(marathon, "/storm", nobody.port);
    marathon.overrideApp("/storm", {
      labels: {
        "portolan.0.evil\n\u001b[31m\u2028": "x",
        "portolan.0.weight": `\u001b[2J${"w".repeat(70_000)}`,
      },
    });
    await proxy.service(port, ({ replicas }) => replicas.length > 0);
    for (let round = 0; round < 10; round += 1) {
      const clients = Array.from({ length: 100 }, () => new TcpClient(port));
      await eventually(() => clients.every(({ closed }) => closed));
    }
    await eventually(() => proxy.log.length > 0);
    // oxlint-disable-next-line no-control-regex -- controls are what must not be there
    assert.doesNotMatch(proxy.stdout, /[\u0000-\u0009\u000b-\u001f\u2028]/);
  });
});
