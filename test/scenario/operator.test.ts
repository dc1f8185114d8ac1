import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

const token = "correct horse battery staple";

test("who knows the token drains and weighs a replica; nobody else does, and no web page", async () => {
  await using one = await TcpReplica.start(named("one"));
  await using two = await TcpReplica.start(named("two"));
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp(app("/demo/web", port));
  for (const replica of [one, two]) place(marathon, "/demo/web", replica.port);
  using folder = new TemporaryFolder();
  const file = folder.file("token");
  writeFileSync(file, `${token}\n`);
  const source = ["--marathon", marathon.urls[0] ?? ""];
  await using proxy = await RunningProxy.start([...source, "--admin-token-file", file]);
  await proxy.ready();
  const path = `/api/replicas/127.0.0.1:${one.port}`;
  const post = async (what: string, headers: Record<string, string> = {}): Promise<number> => {
    const all = { authorization: `Bearer ${token}`, ...headers };
    return (await proxy.get(what, { method: "POST", headers: all })).status;
  };
  const stateOf = async (): Promise<string | undefined> => {
    const { replicas } = await proxy.service(port);
    return replicas.find(({ address }) => address.endsWith(`:${one.port}`))?.state;
  };

  assert.equal(await post(`${path}/drain`, { authorization: "" }), 401);
  const asked = await proxy.get(`${path}/drain`, { method: "POST" });
  assert.deepEqual([asked.status, asked.headers.get("www-authenticate")], [401, "Bearer"]);
  assert.equal(await post(`${path}/drain`, { authorization: `Bearer ${token}x` }), 401);
  assert.equal(await post(`${path}/drain`, { origin: "http://evil.example" }), 403);
  assert.equal((await proxy.get(`${path}/drain`)).status, 404);
  assert.equal(await stateOf(), "up");

  await using long = await TcpClient.open(port);
  await eventually(() => long.text.includes("\n"));
  assert.equal(await post(`${path}/drain`), 200);
  await eventually(async () => (await stateOf()) === "draining");
  for (let times = 0; times < 10; times += 1) {
    await using client = await TcpClient.open(port);
    await eventually(() => client.text === "two\n");
  }
  const before = long.text;
  long.socket.write("still here");
  await eventually(() => long.text === `${before}still here`);
  assert.match(await proxy.text("/api/explain/demo/web"), /drained by an operator/);

  assert.equal(await post(`${path}/ready`), 200);
  await eventually(async () => (await stateOf()) === "up");
  assert.equal(await post(`${path}/weight/0`), 200);
  await eventually(async () => (await proxy.text("/api/table")).includes('"weight": 0'));
  for (const bad of ["/weight/1001", "/weight/-1", "/weight", "/drain/now", "/explode", ""]) {
    assert.equal(await post(`${path}${bad}`), 400, bad);
  }
  assert.equal(await post("/api/replicas/10.9.9.9:1/drain"), 404);
  assert.doesNotMatch(proxy.stdout, /battery/);
});

test("without a token file nothing can be changed", async () => {
  await using marathon = await startMarathon();
  await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""]);
  await proxy.ready();
  const headers = { authorization: "Bearer undefined" };
  const answer = await proxy.get("/api/replicas/10.0.0.1:1/drain", { method: "POST", headers });
  assert.equal(answer.status, 403);
  assert.match(await answer.text(), /--admin-token-file is not set/);
});
