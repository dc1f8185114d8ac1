import assert from "node:assert/strict";
import { test } from "node:test";
import { type Dialect, dialects } from "../../src/demo/marathon/dialect.ts";
import type { EmbeddedMarathon } from "../../src/demo/marathon/marathon.ts";
import { type Json, ask, fixture, hasKeys, startMarathon } from "./embedded-marathon-support.ts";

const bridge = {
  id: "/bridge",
  container: { type: "DOCKER", docker: { image: "nginx" }, portMappings: [{ containerPort: 80 }] },
  networks: [{ mode: "container/bridge" }],
};
const overlay = {
  id: "/user",
  container: { type: "DOCKER", docker: { image: "nginx" }, portMappings: [{ containerPort: 80 }] },
  networks: [{ mode: "container", name: "dcos" }],
};
const ipPerTask = {
  id: "/ippt",
  ipAddress: {
    discovery: { ports: [{ number: 7777, name: "my-port", protocol: "tcp" }] },
    networkName: "dcos",
  },
};

async function oneOfEach(dialect: Dialect): Promise<EmbeddedMarathon> {
  const marathon = await startMarathon({ dialect });
  marathon.putApp({ id: "/host", cmd: "serve" });
  for (const app of [bridge, overlay, ipPerTask]) marathon.putApp({ cmd: "serve", ...app });
  marathon.addTask("/host", { host: "10.0.0.11", ports: [31001] });
  marathon.addTask("/bridge", { host: "agent1", ports: [31002] });
  marathon.addTask("/user", { host: "agent1", ports: [], ipAddresses: ["9.0.2.4"] });
  return marathon;
}

async function apps(marathon: EmbeddedMarathon): Promise<ReadonlyMap<string, Json>> {
  const { body } = await ask(marathon, "/v2/apps?embed=apps.tasks");
  return new Map(body["apps"].map((app: Json) => [app["id"], app]));
}

test("1.4 apps have exactly the keys of the 1.4 serializer", async () => {
  await using marathon = await oneOfEach("1.4");
  const got = await apps(marathon);
  const want: Json = JSON.parse(fixture("v1.4.v2_apps.embed-tasks.json"));
  for (const app of want["apps"]) {
    const mine = got.get(app.id) ?? {};
    assert.deepEqual(Object.keys(mine).toSorted(), Object.keys(app).toSorted(), app.id);
    if (app.id === "/ippt") continue;
    assert.deepEqual(
      Object.keys(mine["tasks"][0])
        .toSorted()
        .filter((key) => key !== "ipAddresses"),
      Object.keys(app.tasks[0])
        .toSorted()
        .filter((key) => key !== "ipAddresses"),
      app.id,
    );
  }
  const docker = got.get("/bridge")?.["container"]["docker"];
  const [bridged] = want["apps"].filter((app: Json) => app["id"] === "/bridge");
  assert.deepEqual(
    Object.keys(docker).toSorted(),
    Object.keys(bridged.container.docker).toSorted(),
  );
  assert.equal(docker.network, "BRIDGE");
  assert.equal(got.get("/user")?.["container"]["docker"]["network"], "USER");
  const mapping: Json = got.get("/user")?.["container"]["docker"]["portMappings"][0] ?? {};
  assert.deepEqual([mapping["containerPort"], "hostPort" in mapping], [80, false]);
  assert.deepEqual(got.get("/ippt")?.["ipAddress"]["discovery"]["ports"][0].number, 7777);
});

test("1.10 staging tasks have exactly the keys of the 1.10 serializer", async () => {
  await using marathon = await startMarathon({ dialect: "1.10" });
  marathon.putApp({ id: "/foo/bar", portDefinitions: [] });
  marathon.addTask("/foo/bar", { host: "agent1.mesos", ports: [], state: "TASK_STAGING" });
  const { body } = await ask(marathon, "/v2/tasks");
  const want: Json = JSON.parse(fixture("enriched-task.no-ip.json"));
  assert.deepEqual(Object.keys(body["tasks"][0]).toSorted(), Object.keys(want).toSorted());
  assert.match(body["tasks"][0].id, /^foo_bar\.instance-[0-9a-f-]{36}\._app\.1$/);
});

for (const dialect of dialects) {
  const isLegacy = dialect === "1.1" || dialect === "1.4";

  test(`${dialect}: ports and networks are where the era keeps them`, async () => {
    await using marathon = await oneOfEach(dialect);
    const got = await apps(marathon);
    const bridged = got.get("/bridge") ?? {};
    const host = got.get("/host") ?? {};
    if (isLegacy) {
      assert.deepEqual(host["ports"], [10_000]);
      assert.equal(host["container"], null);
      assert.equal(bridged["container"].docker.portMappings[0].servicePort, 10_001);
      assert.equal("networks" in host, false);
      assert.equal("portMappings" in bridged["container"], false);
    } else {
      assert.deepEqual(host["networks"], [{ mode: "host" }]);
      assert.equal(host["portDefinitions"][0].port, 10_000);
      assert.equal(bridged["container"].portMappings[0].servicePort, 10_001);
      for (const gone of ["ports", "ipAddress", "uris"]) assert.equal(gone in host, false, gone);
      assert.equal("portDefinitions" in bridged, false);
      assert.equal("portMappings" in bridged["container"].docker, false);
      assert.equal(got.get("/ippt")?.["container"].portMappings[0].containerPort, 7777);
      assert.equal(Object.values(host).includes(null), false);
    }
  });

  test(`${dialect}: tasks carry what the era knows of them`, async () => {
    await using marathon = await startMarathon({ dialect });
    marathon.putApp({ id: "/a", healthChecks: [{ protocol: "TCP" }] });
    const { id } = marathon.addTask("/a", { host: "agent1", ports: [31001], health: true });
    marathon.addTask("/a", { host: "agent2", ports: [31001], state: "TASK_STAGING" });
    const { body } = await ask(marathon, "/v2/tasks");
    const [running, staging] = body["tasks"];
    assert.equal("state" in running, dialect !== "1.1");
    assert.deepEqual(running.servicePorts, [10_000]);
    const idKey = dialect === "1.1" ? "taskId" : "instanceId";
    hasKeys(running.healthCheckResults[0], ["alive", "consecutiveFailures", "lastSuccess", idKey]);
    assert.equal(staging.startedAt, dialect === "1.10" ? undefined : null);
    assert.deepEqual(staging.healthCheckResults, dialect === "1.10" ? [] : undefined);
    assert.deepEqual(running.ipAddresses, { "1.1": [], "1.10": [] }[dialect as string]);
    assert.equal(running.role, dialect === "1.10" ? "*" : undefined);
    assert.match(id, dialect === "1.10" ? /^a\.instance-.*\._app\.1$/ : /^a\.[0-9a-f-]{36}$/);
    const embedded = (await ask(marathon, "/v2/apps//a/tasks")).body["tasks"][0];
    assert.deepEqual(embedded.servicePorts, dialect === "1.10" ? [] : undefined);
  });

  test(`${dialect}: the text form, or its refusal`, async () => {
    await using marathon = await startMarathon({ dialect });
    marathon.putApp({ id: "/foo", portDefinitions: [{ port: 80 }] });
    marathon.putApp({ id: "/none", portDefinitions: [] });
    for (const [host, port] of [
      ["agent1", 1010],
      ["agent1", 1020],
      ["agent2", 1010],
      ["agent3", 1010],
      ["agent3", 1020],
    ] as const) {
      marathon.addTask("/foo", { host, ports: [port] });
    }
    marathon.addTask("/foo", { host: "agent4", ports: [1010], state: "TASK_STAGING" });
    marathon.addTask("/none", { host: "agent1", ports: [] });
    const { status, body } = await ask(marathon, "/v2/tasks", {
      headers: { accept: "text/plain" },
    });
    if (dialect === "1.10") {
      assert.equal(status, 406);
      return;
    }
    const separator = dialect === "1.5" ? "\t" : " ";
    assert.equal(
      body["text"],
      `${fixture("tasks.one-service-port.txt")}none\t \tagent1${separator}\n`,
    );
  });
}

test("1.5 prints port 0 for a container port without host port", async () => {
  await using marathon = await startMarathon({ dialect: "1.5" });
  const mapped = { ...overlay.container, portMappings: [{ containerPort: 8080, servicePort: 88 }] };
  marathon.putApp({ ...overlay, id: "/foo", container: mapped });
  for (const host of ["agent1", "agent2", "agent3"]) marathon.addTask("/foo", { host, ports: [] });
  const { body } = await ask(marathon, "/v2/tasks", { headers: { accept: "text/plain" } });
  assert.equal(body["text"], fixture("tasks.container-no-hostport.txt"));
});

test("embed, id, cmd and label choose what a list shows", async () => {
  await using marathon = await startMarathon();
  marathon.putApp({
    id: "/shop/Web".toLowerCase(),
    cmd: "serve web",
    labels: { tier: "front", "a/b": "x" },
  });
  marathon.putApp({ id: "/shop/db", cmd: "store", labels: { tier: "back" } });
  const listed = async (query: string): Promise<readonly string[]> =>
    (await ask(marathon, `/v2/apps?${query}`)).body["apps"].map((app: Json) => app["id"]);
  assert.deepEqual(await listed("id=WEB"), ["/shop/web"]);
  assert.deepEqual(await listed("cmd=store"), ["/shop/db"]);
  const selectors: Readonly<Record<string, readonly string[]>> = {
    tier: ["/shop/web", "/shop/db"],
    "tier==front": ["/shop/web"],
    "tier!=front": ["/shop/db"],
    "missing!=front": [],
    "tier in (front, back)": ["/shop/web", "/shop/db"],
    "tier notin (front)": ["/shop/db"],
    "a\\/b==x,tier==front": ["/shop/web"],
  };
  for (const [selector, want] of Object.entries(selectors)) {
    assert.deepEqual(await listed(`label=${encodeURIComponent(selector)}`), want, selector);
  }
  assert.equal((await ask(marathon, "/v2/apps?label=tier=front")).status, 422);
  const bare = (await ask(marathon, "/v2/apps")).body["apps"][0];
  assert.equal("tasks" in bare, false);
  hasKeys(bare, ["tasksRunning", "tasksHealthy", "deployments"]);
  hasKeys((await ask(marathon, "/v2/apps?embed=tasks")).body["apps"][0], ["tasks"]);
});

test("status chooses tasks by condition, and unknown words do not filter", async () => {
  await using marathon = await startMarathon();
  marathon.putApp({ id: "/a" });
  marathon.addTask("/a", { host: "h1", ports: [1], state: "TASK_STAGING" });
  marathon.addTask("/a", { host: "h2", ports: [2] });
  marathon.addTask("/a", { host: "h3", ports: [3], state: "TASK_LOST" });
  const states = async (query: string): Promise<readonly string[]> =>
    (await ask(marathon, `/v2/tasks${query}`)).body["tasks"].map((task: Json) => task["state"]);
  assert.deepEqual(await states("?status=running"), ["TASK_RUNNING"]);
  assert.deepEqual(await states("?status[]=staging&status[]=running"), [
    "TASK_STAGING",
    "TASK_RUNNING",
  ]);
  assert.deepEqual(await states("?status=lost"), [
    "TASK_STAGING",
    "TASK_RUNNING",
    "TASK_UNREACHABLE",
  ]);
});

test("the rest of the API answers in its own forms", async () => {
  await using marathon = await startMarathon({ dialect: "1.4" });
  marathon.putApp({ id: "/demo/webapp" });
  marathon.setPods([{ id: "/pod", spec: { id: "/pod" }, status: "STABLE", instances: [] }]);
  const { port } = new URL(marathon.urls[0] ?? "");
  assert.equal((await ask(marathon, "/ping")).body["text"], "pong");
  assert.deepEqual((await ask(marathon, "/v2/leader")).body, { leader: `127.0.0.1:${port}` });
  const about = (await ask(marathon, "/v2/info")).body;
  assert.deepEqual(
    [about["version"], about["elected"], about["marathon_config"].local_port_min],
    ["1.4.8", true, 10_000],
  );
  assert.equal((await ask(marathon, "/v2/pods", { method: "HEAD" })).status, 200);
  assert.equal((await ask(marathon, "/v2/pods/::status")).body[0].id, "/pod");
  assert.equal((await ask(marathon, "/v2/pods/pod::status")).body["status"], "STABLE");
  assert.deepEqual((await ask(marathon, "/v2/deployments")).body, []);
  const root = (await ask(marathon, "/v2/groups")).body;
  assert.deepEqual(
    [root["id"], root["groups"][0].id, root["groups"][0].apps[0].id],
    ["/", "/demo", "/demo/webapp"],
  );
  assert.equal((await ask(marathon, "/v2/groups/nope")).status, 404);
  const missing = await ask(marathon, "/v2/apps//nope");
  assert.deepEqual(
    [missing.status, missing.body],
    [404, { message: "App '/nope' does not exist" }],
  );
  const { versions } = (await ask(marathon, "/v2/apps//demo/webapp/versions")).body;
  const version = (await ask(marathon, `/v2/apps//demo/webapp/versions/${versions[0]}`)).body;
  assert.deepEqual(
    [version["id"], version["ports"], "tasks" in version],
    ["/demo/webapp", [10_000], false],
  );
  assert.match((await ask(marathon, "/nowhere")).headers.get("content-type") ?? "", /^text\/html/);
});

test("the Accept header decides the form of ping from 1.5 on", async () => {
  await using marathon = await startMarathon();
  const ping = async (accept: string): Promise<readonly unknown[]> => {
    const { status, body } = await ask(marathon, "/ping", { headers: { accept } });
    return [status, body];
  };
  assert.deepEqual(await ping("application/json"), [200, "pong"]);
  assert.deepEqual(await ping("*/*"), [200, { text: "pong" }]);
  assert.deepEqual(await ping("image/png"), [204, { text: "" }]);
});

test("overrides let an app and a task say odd things", async () => {
  await using marathon = await startMarathon();
  marathon.putApp({ id: "/a" });
  const { id } = marathon.addTask("/a", { host: "h1", ports: [1], overrides: { host: null } });
  marathon.overrideApp("/a", { labels: null, portDefinitions: [{ port: 0 }] });
  const [app] = (await ask(marathon, "/v2/apps?embed=apps.tasks")).body["apps"];
  assert.deepEqual(
    [app.labels, app.portDefinitions, app.tasks[0].host],
    [null, [{ port: 0 }], null],
  );
  marathon.overrideTask(id, { healthCheckResults: [null] });
  const [task] = (await ask(marathon, "/v2/tasks")).body["tasks"];
  assert.deepEqual([task.healthCheckResults, task.host], [[null], "h1"]);
});
