import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { joinTasks } from "../../../../src/discovery/marathon/from-tasks.ts";
import { appIdOf, parseApps, parseTasks } from "../../../../src/discovery/marathon/wire.ts";

function onlyApp(fields: object) {
  const [app] = parseApps({ apps: [{ id: "/a", ...fields }] })?.apps ?? [];
  assert.ok(app);
  return app;
}

suite("an app id", () => {
  const rows: readonly { readonly given: unknown; readonly want: string | undefined }[] = [
    { given: "/demo/webapp", want: "/demo/webapp" },
    { given: "no-slash", want: "/no-slash" },
    { given: "/a.b/c-d", want: "/a.b/c-d" },
    { given: "", want: undefined },
    { given: "/", want: undefined },
    { given: "//a", want: undefined },
    { given: "/..", want: undefined },
    { given: "/../../etc/passwd", want: undefined },
    { given: "/a/./b", want: undefined },
    { given: "/a\nService-Port: 22", want: undefined },
    { given: "/-rf", want: undefined },
    { given: "/A/É", want: undefined },
    { given: `/${"a".repeat(4096)}`, want: undefined },
    { given: 7, want: undefined },
    { given: null, want: undefined },
  ];
  for (const { given, want } of rows) {
    test(JSON.stringify(given).slice(0, 40), () => assert.equal(appIdOf(given), want));
  }
});

suite("a list of apps", () => {
  for (const document of [
    null,
    undefined,
    7,
    "apps",
    [],
    {},
    { apps: null },
    { apps: {} },
    { apps: "x" },
  ]) {
    test(`is not ${JSON.stringify(document)}`, () => assert.equal(parseApps(document), undefined));
  }

  test("may be empty", () => assert.deepEqual(parseApps({ apps: [] }), { apps: [], problems: [] }));

  test("goes on after bad items, with a problem for each", () => {
    const listed = parseApps({
      apps: [null, 7, { id: "/.." }, { id: "/a" }, { id: "/a" }, { id: "/b" }],
    });
    assert.deepEqual(
      listed?.apps.map(({ id }) => id),
      ["/a", "/b"],
    );
    assert.equal(listed?.problems.length, 3, "what is wrong in the same way is told once");
    assert.ok(listed.problems.every(({ kind }) => kind === "invalid-item"));
  });
});

suite("an app", () => {
  test("was configured at its last change, else at its version, else never", () => {
    const versionInfo = { lastConfigChangeAt: "2020-01-01T00:00:00.000Z" };
    const version = "2021-01-01T00:00:00.000Z";
    assert.equal(onlyApp({ versionInfo, version }).configuredAt, Date.UTC(2020, 0));
    assert.equal(onlyApp({ version }).configuredAt, Date.UTC(2021, 0));
    assert.equal(onlyApp({ version: "soon" }).configuredAt, 0);
    assert.equal(onlyApp({}).configuredAt, 0);
  });

  const networks: readonly {
    readonly name: string;
    readonly given: object;
    readonly want: string;
  }[] = [
    { name: "networks host", given: { networks: [{ mode: "host" }] }, want: "host" },
    {
      name: "networks bridge",
      given: { networks: [{ mode: "container/bridge" }] },
      want: "bridge",
    },
    {
      name: "networks container",
      given: { networks: [{ mode: "container", name: "n" }] },
      want: "container",
    },
    { name: "docker HOST", given: { container: { docker: { network: "HOST" } } }, want: "host" },
    {
      name: "docker BRIDGE",
      given: { container: { docker: { network: "BRIDGE" } } },
      want: "bridge",
    },
    {
      name: "docker USER",
      given: { container: { docker: { network: "USER" } } },
      want: "container",
    },
    {
      name: "IP per task",
      given: { container: null, ipAddress: { networkName: "n" } },
      want: "container",
    },
    { name: "mappings alone", given: { container: { portMappings: [{}] } }, want: "bridge" },
    {
      name: "nothing said",
      given: { networks: null, container: null, ipAddress: null },
      want: "host",
    },
    { name: "nonsense", given: { networks: "host", container: [], ipAddress: 7 }, want: "host" },
  ];
  for (const { name, given, want } of networks) {
    test(`network: ${name}`, () => assert.equal(onlyApp(given).network, want));
  }

  test("copies text labels and nothing that could reach a prototype", () => {
    const labels = JSON.parse(
      '{"__proto__":{"polluted":true},"constructor":"c","n":5,"o":{},"a":"b"}',
    );
    assert.deepEqual(
      [...onlyApp({ labels }).labels],
      [
        ["constructor", "c"],
        ["n", "5"],
        ["a", "b"],
      ],
    );
    assert.equal(Reflect.get({}, "polluted"), undefined);
  });

  test("bounds labels in number and length", () => {
    const many = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`l${index}`, "x"]));
    assert.equal(onlyApp({ labels: many }).labels.size, 1000);
    assert.equal(onlyApp({ labels: { long: "x".repeat(70_000), short: "y" } }).labels.size, 1);
  });

  test("keeps the place of a port that cannot be read", () => {
    assert.deepEqual(
      onlyApp({ ports: [1, null, "3", 4] }).portDefinitions.map(({ servicePort }) => servicePort),
      [1, undefined, undefined, 4],
    );
  });

  const protocols: readonly { readonly given: unknown; readonly want: readonly string[] }[] = [
    { given: undefined, want: ["tcp"] },
    { given: null, want: ["tcp"] },
    { given: "tcp", want: ["tcp"] },
    { given: "udp,tcp", want: ["udp", "tcp"] },
    { given: " TCP , udp ", want: ["tcp", "udp"] },
    { given: "tcp,tcp", want: ["tcp"] },
    { given: "sctp", want: [] },
    { given: 7, want: [] },
  ];
  for (const { given, want } of protocols) {
    test(`protocol ${JSON.stringify(given)}`, () => {
      const [port] = onlyApp({ portDefinitions: [{ port: 1, protocol: given }] }).portDefinitions;
      assert.deepEqual(port?.protocols, want);
    });
  }

  test("tells no tasks from tasks that were not embedded", () => {
    assert.equal(onlyApp({}).tasks, undefined);
    assert.deepEqual(onlyApp({ tasks: null }).tasks, []);
    assert.deepEqual(onlyApp({ tasks: [] }).tasks, []);
  });

  test("skips tasks without an id, and the second of two with one id (X16)", () => {
    const listed = parseApps({
      apps: [{ id: "/a", tasks: [{ id: "t" }, {}, null, { id: "t" }, { id: "a\nb" }] }],
    });
    assert.deepEqual(
      listed?.apps[0]?.tasks?.map(({ id }) => id),
      ["t"],
    );
    assert.equal(listed?.problems.length, 2);
  });
});

suite("tasks listed apart from their apps", () => {
  test("are joined to the definitions, which win over what tasks say", () => {
    const apps =
      parseApps({ apps: [{ id: "/a", portDefinitions: [{ port: 80, protocol: "udp" }] }] })?.apps ??
      [];
    const listed = parseTasks({
      tasks: [
        { id: "a.1", appId: "/a", servicePorts: [81] },
        { id: "b.1", appId: "/b", servicePorts: [82], version: "2021-01-01T00:00:00.000Z" },
        { id: "b.2", appId: "/b", servicePorts: [82, 83], version: "2020-01-01T00:00:00.000Z" },
      ],
    });
    const joined = joinTasks(apps, listed?.tasks ?? []);
    assert.deepEqual(
      joined.map(({ id, tasks }) => [id, tasks?.map((task) => task.id)]),
      [
        ["/a", ["a.1"]],
        ["/b", ["b.1", "b.2"]],
      ],
    );
    assert.deepEqual(joined[0]?.portDefinitions[0]?.protocols, ["udp"]);
    assert.deepEqual(
      joined[1]?.portDefinitions.map(({ servicePort }) => servicePort),
      [82, 83],
    );
    assert.equal(joined[1]?.configuredAt, Date.UTC(2020, 0));
  });

  test("without a list are refused, and bad items skipped", () => {
    assert.equal(parseTasks({ tasks: {} }), undefined);
    const listed = parseTasks({ tasks: [null, { id: "x" }, { id: "a.1", appId: "/a" }] });
    assert.equal(listed?.tasks.length, 1);
    assert.equal(listed?.problems.length, 1);
  });
});
