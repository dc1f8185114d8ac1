import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, suite, test } from "node:test";
import { parse } from "yaml";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";
import { Engine, engineMissing } from "./engine.ts";
import { importStandIn, standInMissing } from "./stand-in-image.ts";

const root = new URL("../../", import.meta.url).pathname;
const dockerfile = readFileSync(`${root}docker/Dockerfile`, "utf8");
const [, baseImage = ""] = /^FROM (\S+) AS build$/m.exec(dockerfile) ?? [];

/** What the engine knows of a container or an image, as far as it is asked here. */
interface Inspected {
  readonly State: {
    readonly Pid: number;
    readonly ExitCode: number;
    readonly Health: { readonly Status: string };
  };
  readonly Config: {
    readonly User: string;
    readonly StopSignal: string;
    readonly Entrypoint: readonly string[];
    readonly Healthcheck: { readonly Test: readonly string[] };
    readonly Labels: Readonly<Record<string, string>>;
  };
}

async function inspect(engine: Engine, name: string): Promise<Inspected> {
  const text = await engine.docker("inspect", name);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the engine's own format, asserted by the tests that use it
  const [found] = parse(text) as Inspected[];
  assert.ok(found);
  return found;
}

/** A line of `/proc/<pid>/status`. */
function processField(pid: number, field: string): string {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const line = status.split("\n").find((one) => one.startsWith(`${field}:`)) ?? "";
  return line.slice(field.length + 1).trim();
}

/** Starts a container on the host's network with the least rights and these; resolves when its check is good. */
async function runHealthy(
  engine: Engine,
  given: {
    readonly name: string;
    readonly marathon: string;
    readonly statusPort: number;
    readonly rights: readonly string[];
  },
): Promise<void> {
  const { name, marathon, statusPort, rights } = given;
  await engine.docker(
    ["run", "--detach", "--name", name, "--network", "host", "--health-interval", "500ms"],
    ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", ...rights],
    ["--env", `PORTOLAN_MARATHON=${marathon}`],
    ["--env", `PORTOLAN_STATUS_ENDPOINT=127.0.0.1:${statusPort}`],
    "portolan",
  );
  // The check costs a process each time: it is asked for only once there is something to say.
  await eventually(async () => (await statusAt(statusPort)) === "OK\n", {
    withinMs: 30_000,
    what: "/status OK",
  });
  await eventually(async () => (await inspect(engine, name)).State.Health.Status === "healthy", {
    withinMs: 30_000,
    what: "a healthy container",
  });
}

/** What a status port says of itself; undefined where nobody answers. */
async function statusAt(port: number): Promise<string | undefined> {
  try {
    return await (await fetch(`http://127.0.0.1:${port}/status`)).text();
  } catch {
    // Refused until it listens.
    return undefined;
  }
}

/** A port below 1024 that nobody has. */
async function freeLowPort(): Promise<number> {
  for (let port = 1023; port > 600; port -= 1) {
    try {
      const taken = await TcpReplica.start(() => undefined, port);
      await taken[Symbol.asyncDispose]();
      return port;
    } catch {
      // Somebody has it: the next one.
    }
  }
  throw new Error("every low port is taken");
}

suite("the image", { skip: engineMissing || standInMissing, timeout: 240_000 }, () => {
  let engine: Engine;

  before(async () => {
    engine = await Engine.start();
    await importStandIn(engine, baseImage);
    const version = ["--build-arg", "VERSION=1.2.3", "--build-arg", "REVISION=0ff1ce"];
    const how = ["--network", "none", "--file", `${root}docker/Dockerfile`];
    await engine.docker("build", ...how, ...version, "--tag", "portolan", root);
  });

  after(() => engine?.[Symbol.asyncDispose]());

  test("holds the program and what it needs at run time, nothing else (D10)", async () => {
    const lister =
      "const { readdirSync: ls } = fs; console.log(JSON.stringify([ls('.'), ls('node_modules')]))";
    const listed: unknown = parse(
      await engine.docker(
        ["run", "--rm", "--network", "none", "--entrypoint", "node", "portolan"],
        ["--eval", lister],
      ),
    );
    assert.ok(Array.isArray(listed));
    const [top, packages]: unknown[] = listed;
    assert.deepEqual(top, ["LICENSE", "dist", "node_modules", "package.json"]);
    assert.ok(Array.isArray(packages));
    const manifest: unknown = parse(readFileSync(`${root}package.json`, "utf8"));
    assert.ok(typeof manifest === "object" && manifest !== null);
    assert.ok("dependencies" in manifest && "devDependencies" in manifest);
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      assert.ok(packages.includes(name), name);
    }
    for (const name of Object.keys(manifest.devDependencies ?? {})) {
      assert.ok(!packages.includes(name), name);
    }
    assert.ok(packages.length < readdirSync(`${root}node_modules`).length);
  });

  test("says what it is and how it is started, asked and stopped", async () => {
    const { Config } = await inspect(engine, "portolan");
    assert.equal(Config.User, "10001:10001");
    assert.equal(Config.StopSignal, "SIGTERM");
    assert.deepEqual(Config.Healthcheck.Test, ["CMD", "portolan", "healthcheck"]);
    assert.equal(Config.Entrypoint[0], "node");
    for (const switchedOff of ["--disable-proto=throw", "--no-addons", "--disable-sigusr1"]) {
      assert.ok(Config.Entrypoint.includes(switchedOff), switchedOff);
    }
    assert.equal(Config.Labels["org.opencontainers.image.title"], "portolan");
    assert.equal(Config.Labels["org.opencontainers.image.version"], "1.2.3");
    assert.equal(Config.Labels["org.opencontainers.image.revision"], "0ff1ce");
    assert.equal(
      Config.Labels["org.opencontainers.image.base.name"],
      `docker.io/library/${baseImage}`,
    );
  });

  test("forwards, reports its health and drains, without privileges on a read-only file system (L07, L24)", async () => {
    await using replica = await TcpReplica.start(named("r"));
    await using marathon = await startMarathon();
    const [port, statusPort] = [await freePort(), await freePort()];
    marathon.putApp(app("/web", port));
    place(marathon, "/web", replica.port);
    await runHealthy(engine, {
      name: "one",
      marathon: marathon.urls[0] ?? "",
      statusPort,
      rights: ["--user", "65534:65534"],
    });

    await using client = await TcpClient.open(port);
    client.socket.write("ahoy");
    await eventually(() => client.text === "r\nahoy");

    const page = await (await fetch(`http://127.0.0.1:${statusPort}/metrics`)).text();
    assert.match(page, /^portolan_build_info\{[^}]*revision="0ff1ce"/m);

    const { State: running } = await inspect(engine, "one");
    assert.equal(processField(running.Pid, "Uid"), "65534\t65534\t65534\t65534");
    for (const set of ["CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
      assert.equal(BigInt(`0x${processField(running.Pid, set)}`), 0n, set);
    }
    assert.equal(processField(running.Pid, "NoNewPrivs"), "1");
    assert.equal(await engine.docker("diff", "one"), "");

    const stopped = engine.docker("stop", "--time", "25", "one");
    await eventually(async () => (await statusAt(statusPort)) === "TERMINATING\n");
    await eventually(async () => {
      await using refused = new TcpClient(port);
      await eventually(() => refused.closed || refused.text.length > 0);
      return refused.error?.code === "ECONNREFUSED";
    });
    client.socket.write(" and farewell");
    await eventually(() => client.text === "r\nahoy and farewell");
    client.socket.end();
    await stopped;
    assert.equal(client.error, undefined);
    assert.equal((await inspect(engine, "one")).State.ExitCode, 0);
  });

  test("a port below 1024 takes root's name and that one right", async () => {
    await using replica = await TcpReplica.start(named("r"));
    await using marathon = await startMarathon();
    const [port, statusPort] = [await freeLowPort(), await freePort()];
    marathon.putApp(app("/web", port));
    place(marathon, "/web", replica.port);
    await runHealthy(engine, {
      name: "low",
      marathon: marathon.urls[0] ?? "",
      statusPort,
      rights: ["--user", "0:0", "--cap-add", "NET_BIND_SERVICE"],
    });
    await eventually(async () => {
      await using client = new TcpClient(port);
      await eventually(() => client.closed || client.text === "r\n");
      return client.text === "r\n";
    });
  });
});
