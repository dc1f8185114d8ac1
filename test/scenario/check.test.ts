import assert from "node:assert/strict";
import { connect } from "node:net";
import { once } from "node:events";
import { test } from "node:test";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { Program } from "../support/program.ts";

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function portolan(...args: readonly string[]): Promise<Ended> {
  await using program = new Program({ args });
  const code = await program.exit();
  return { code, stdout: program.stdout, stderr: program.stderr };
}

test("check shows what would be served, and every problem with app, label and value, and binds nothing", async () => {
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp(app("/demo/web", port));
  place(marathon, "/demo/web", 31_001);
  const sick = place(marathon, "/demo/web", 31_002);
  marathon.setHealth(sick, false);
  const source = ["--marathon", marathon.urls[0] ?? ""];
  const good = await portolan("check", ...source);
  assert.equal(good.code, 0, good.stdout + good.stderr);
  assert.match(
    good.stdout,
    new RegExp(`tcp/${port} +/demo/web +tcp +marathon +1/2 +127.0.0.1:31002 down: a check fails\n`),
  );
  assert.match(good.stdout, /no problems\n$/);
  const client = connect(port, "127.0.0.1");
  const [error]: unknown[] = await once(client, "error");
  assert.match(String(error), /ECONNREFUSED/);

  marathon.putApp({ ...app("/demo/odd", await freePort()), labels: { "portolan.0.balance": "?" } });
  const bad = await portolan("check", ...source);
  assert.equal(bad.code, 1);
  assert.match(bad.stdout, /invalid-label \/demo\/odd: label portolan\.0\.balance: "\?" is not/);
  const json = await portolan("check", "--json", ...source);
  const { services, problems }: { services: unknown[]; problems: unknown[] } = JSON.parse(
    json.stdout,
  );
  assert.deepEqual([json.code, services.length, problems.length], [1, 2, 1]);
});

test("questions to nobody, and questions that are none, end with a clear line", async () => {
  const nobody = ["--status-endpoint", `127.0.0.1:${await freePort()}`];
  for (const command of [["explain", "/x"], ["status"], ["healthcheck"]]) {
    const { code, stdout, stderr } = await portolan(...command, ...nobody);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^no portolan answers at 127\.0\.0\.1:\d+: nobody listens there; .+\n$/);
  }
  assert.deepEqual(await portolan("explain"), {
    code: 2,
    stdout: "",
    stderr: "portolan explain needs the app id\ntry: portolan --help\n",
  });
});

test("a running portolan explains itself at the terminal", async () => {
  await using marathon = await startMarathon();
  const [port, status] = [await freePort(), await freePort()];
  marathon.putApp(app("/demo/web", port));
  place(marathon, "/demo/web", await freePort());
  const endpoint = ["--status-endpoint", `127.0.0.1:${status}`];
  await using proxy = new Program({
    args: ["run", "--marathon", marathon.urls[0] ?? "", ...endpoint],
  });
  await proxy.logged(/^routing changed$/);
  const explained = await portolan("explain", "demo/web", ...endpoint);
  assert.equal(explained.code, 0, explained.stderr);
  assert.match(
    explained.stdout,
    /^\/demo\/web\n\ntcp\/\d+ from marathon\n {2}health: both, probe tcp/,
  );
  assert.match(explained.stdout, /\n {6}marathon {5}up: its check passes, /);
  const unknown = await portolan("explain", "/nobody", ...endpoint);
  assert.deepEqual([unknown.code, unknown.stdout], [1, ""]);
  assert.match(unknown.stderr, /^no source lists an app \/nobody/);
  const overview = await portolan("status", ...endpoint);
  assert.equal(overview.code, 0);
  assert.match(overview.stdout, /^OK, table \d+\n\nsource marathon at http/);
  assert.deepEqual(await portolan("healthcheck", ...endpoint), {
    code: 0,
    stdout: "OK\n",
    stderr: "",
  });
});
