import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { cpSync, existsSync, readFileSync, symlinkSync } from "node:fs";
import type { Socket } from "node:net";
import { dirname } from "node:path";
import { after, before, suite, test } from "node:test";
import { publint } from "publint";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { answering, ask, getOnce, saying } from "../support/http-exchange.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { echo, named, TcpReplica } from "../support/tcp-replica.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";
import { at, entriesAt, listAt, read } from "./documents.ts";

const root = new URL("../../", import.meta.url).pathname;
const manifest: unknown = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

/** Each Node that it has to work on, and why that is not tried here; the oldest one is named by who runs the tests. */
const oldest = process.env["PORTOLAN_OLDEST_NODE"];
const nodes: readonly { readonly node: string; readonly skip: string | false }[] = [
  { node: process.execPath, skip: false },
  {
    node: oldest ?? "",
    skip: oldest === undefined && "PORTOLAN_OLDEST_NODE names no Node 24: .ci/run installs one",
  },
];

/** Runs npm somewhere and gives what it printed. */
function npm(cwd: string, ...args: readonly string[]): string {
  return execFileSync("npm", args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 90_000,
  });
}

suite("the npm package", () => {
  const folder = new TemporaryFolder();
  const source = folder.file("source");
  const installed = folder.file("package");
  let packed: string[] = [];
  let archive = "";

  before(() => {
    const parts = ["package.json", "package-lock.json", "README.md", "LICENSE", "tsconfig.json"];
    for (const part of [...parts, "src"]) {
      cpSync(`${root}${part}`, `${source}/${part}`, { recursive: true });
    }
    symlinkSync(`${root}node_modules`, `${source}/node_modules`);
    npm(source, "run", "--silent", "build");
    const report: unknown = JSON.parse(npm(source, "pack", "--json"));
    packed = listAt(report, 0, "files").map((file) => String(at(file, "path")));
    archive = `${source}/${String(at(report, 0, "filename"))}`;
    execFileSync("tar", ["-xzf", archive, "-C", folder.path]);
    symlinkSync(`${root}node_modules`, `${installed}/node_modules`);
  });

  after(() => folder[Symbol.dispose]());

  test("contains the built program and three files, nothing else (D10)", () => {
    const isBuilt = (path: string): boolean =>
      /^dist\/[\w/-]+\.(?:js|d\.ts|html|css|svg)$/.test(path);
    assert.deepEqual(packed.filter((path) => !isBuilt(path)).toSorted(), [
      "LICENSE",
      "README.md",
      "package.json",
    ]);
    for (const needed of ["dist/main.js", "dist/workers/worker-thread.js"]) {
      assert.ok(packed.includes(needed), needed);
    }
  });

  test("is started by npx where it was installed from the packed file", (t) => {
    using elsewhere = new TemporaryFolder();
    const offline = ["--offline", "--no-audit", "--no-fund", "--loglevel=error"];
    try {
      npm(elsewhere.path, "install", ...offline, "--prefix", elsewhere.path, archive);
    } catch (error) {
      if (!String(at(error, "stderr")).includes("ENOTCACHED")) throw error;
      t.skip("npm has not what it needs in its cache");
      return;
    }
    for (const { node } of nodes.filter(({ skip }) => skip === false)) {
      const said = execFileSync("npx", ["--no", "--", "portolan", "--version"], {
        cwd: elsewhere.path,
        encoding: "utf8",
        env: { ...process.env, PATH: `${dirname(node)}:${process.env["PATH"] ?? ""}` },
        stdio: ["ignore", "pipe", "ignore"],
      });
      const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
      assert.equal(
        said,
        `portolan ${String(at(manifest, "version"))} (node ${version}, ${process.platform}-${process.arch})\n`,
      );
    }
  });

  for (const { node, skip } of nodes) {
    test(
      `serves, threads and all, on ${node === process.execPath ? "this Node" : "the oldest one"}`,
      { skip },
      () => startsAndDrains(node, installed),
    );
  }

  test("serves within the guards of the runtime that the README names, and writes nothing (D05, D06)", () =>
    serveWithinGuards(installed, folder.file("state")));

  test("is in order for those who install it", async () => {
    const tarball = new Uint8Array(readFileSync(archive)).buffer;
    const { messages } = await publint({ pack: { tarball }, strict: true });
    assert.deepEqual(messages, []);
  });

  test("has a bill of materials that names all it needs at run time", () => {
    const format = ["--sbom-format", "cyclonedx", "--sbom-type", "application"];
    const bill: unknown = JSON.parse(npm(source, "sbom", ...format, "--package-lock-only"));
    const needed = listAt(bill, "components")
      .filter((one) =>
        listAt(one, "properties").every(
          (property) => at(property, "name") !== "cdx:npm:package:development",
        ),
      )
      .map((one) => `${String(at(one, "name"))}@${String(at(one, "version"))}`);
    for (const [name, version] of entriesAt(manifest, "dependencies")) {
      assert.ok(needed.includes(`${name}@${String(version)}`), name);
    }
    for (const [name] of entriesAt(manifest, "devDependencies")) {
      assert.ok(!needed.some((one) => one.startsWith(`${name}@`)), name);
    }
  });
});

/** Starts the installed program with the flags of the README, and looks at what it may and may not do. */
async function serveWithinGuards(installed: string, state: string): Promise<void> {
  const block = read("README.md").split("node --permission")[1]?.split("```")[0] ?? "";
  const words = `--permission ${block}`.replaceAll("/opt/portolan", installed).split(/[\s\\]+/);
  const runtime = words.slice(0, words.indexOf(`${installed}/dist/main.js`));
  assert.ok(runtime.length >= 8, block);
  await using replica = await TcpReplica.start(named("web"));
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp(app("/web", port));
  place(marathon, "/web", replica.port);
  await using proxy = await RunningProxy.start(
    ["--marathon", marathon.urls[0] ?? "", "--state-file", state],
    {},
    {
      // The libraries of this test are linked to where they were installed.
      runtime: [...runtime, `--allow-fs-read=${root}node_modules`],
      file: `${installed}/dist/main.js`,
      canary: "none: the program may read no file that lists it",
    },
  );
  await proxy.ready();
  await proxy.service(port, ({ listening }) => listening.length > 0);
  await using client = await TcpClient.open(port);
  await eventually(() => client.text === "web\n");
  const limit = await proxy.metric("portolan_service_connections_limit");
  assert.ok(limit !== undefined && limit > 0);
  const refused = await proxy.logged(/state file/);
  assert.match(JSON.stringify(refused), /ERR_ACCESS_DENIED|Access to this API/);
  assert.ok(!existsSync(state));
  assert.ok(((await proxy.metric("process_open_fds")) ?? 0) > 0, "/proc is read");
}

async function startsAndDrains(node: string, installed: string): Promise<void> {
  await using replica = await TcpReplica.start(echo);
  await using web = await answering(hintingFirst);
  await using marathon = await startMarathon();
  const port = await freePort();
  const webPort = await freePort();
  marathon.putApp(app("/echo", port));
  marathon.putApp({ ...app("/web", webPort), labels: { "portolan.0.mode": "http" } });
  place(marathon, "/echo", replica.port);
  place(marathon, "/web", web.port);
  const args = ["run", "--status-endpoint", "127.0.0.1:0", "--log-format", "json"];
  const program = spawn(node, ["--single-threaded-gc", `${installed}/dist/main.js`, ...args], {
    env: { PATH: process.env["PATH"], PORTOLAN_MARATHON: marathon.urls[0] },
    stdio: ["ignore", "pipe", "inherit"],
  });
  program.on("error", () => undefined);
  const ended = once(program, "close");
  let log = "";
  program.stdout.on("data", (chunk: Buffer) => {
    log += chunk.toString();
  });
  try {
    const status = await eventually(() => /"status":"([^"]+)"/.exec(log)?.[1], {
      withinMs: 20_000,
      what: "the start",
    });
    const isReady = async (): Promise<boolean> =>
      (await fetch(`http://${status}/status`)).status === 200;
    await eventually(isReady, { withinMs: 20_000, what: "a table in the workers" });
    await bringsAllThereAndBack(port);
    await passesHintsOn(webPort);
    program.kill("SIGTERM");
    assert.deepEqual(await ended, [0, null]);
  } finally {
    program.kill("SIGKILL");
  }
}

const hint = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n";

function hintingFirst(socket: Socket): void {
  socket.write(hint);
  saying("web")(socket);
}

/** Words before an answer are written past the platform's response, which each Node has to take. */
async function passesHintsOn(port: number): Promise<void> {
  await using client = await ask(port, getOnce());
  assert.ok(client.text.startsWith(`${hint}HTTP/1.1 200 OK\r\n`), client.text);
  assert.ok(client.text.endsWith("web"), client.text);
}

/** How clients are read into our own memory is no public interface, so each Node has to show it. */
async function bringsAllThereAndBack(port: number): Promise<void> {
  const bytes = randomBytes(5_000_000);
  await using client = await TcpClient.open(port);
  client.socket.end(bytes);
  await eventually(() => client.ended, { withinMs: 20_000, what: "the end of the echo" });
  assert.ok(client.received.equals(bytes));
}
