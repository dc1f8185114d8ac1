import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { findVariable } from "../../../src/config/environment.ts";
import type { ConfigInputs, ReadConfig } from "../../../src/config/read-config.ts";
import { hasSource, readConfig } from "../../../src/config/read-config.ts";
import type { Config } from "../../../src/config/settings.ts";

interface Given {
  readonly flags?: Readonly<Record<string, string | readonly string[]>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly needsSource?: boolean;
}

function read({ flags = {}, env = {}, files = {}, needsSource = false }: Given): ReadConfig {
  const inputs: ConfigInputs = {
    flags: new Map(Object.entries(flags).map(([flag, texts]) => [flag, [texts].flat()])),
    env,
    readFile: (path) => files[path] ?? missing(path),
    needsSource,
  };
  return readConfig(inputs);
}

function missing(path: string): never {
  throw Object.assign(new Error(`no ${path}`), {
    code: path.includes("locked") ? "EACCES" : "ENOENT",
  });
}

function configOf(given: Given): Config {
  const result = read(given);
  assert.equal(result.kind, "config", JSON.stringify(result));
  return result.config;
}

function problemsOf(given: Given): readonly string[] {
  const result = read(given);
  assert.equal(result.kind, "problems", JSON.stringify(result));
  return result.problems;
}

function warningsOf(given: Given): readonly string[] {
  const result = read(given);
  assert.equal(result.kind, "config", JSON.stringify(result));
  return result.warnings;
}

function hostsOf(given: Given): string {
  return configOf(given)
    .marathon.map(({ hostname }) => hostname)
    .join(" ");
}

suite("precedence", () => {
  // Every subset of the five places, strongest first; the strongest one present must win.
  const places = ["flag", "prefixed", "bare", "file"] as const;
  const names = {
    flag: ["flag", "--max-connections"],
    prefixed: ["environment", "PORTOLAN_MAX_CONNECTIONS"],
    bare: ["environment", "MAX_CONNECTIONS"],
    file: ["file", "p.yaml: max-connections"],
  } as const;
  for (let bits = 0; bits < 2 ** places.length; bits += 1) {
    const present = places.filter((_, index) => (bits & (1 << index)) !== 0);
    const winner = present[0];
    test(`of ${present.join(", ") || "nothing"} it is ${winner ?? "the default"}`, () => {
      const has = (place: (typeof places)[number]): boolean => present.includes(place);
      const config = configOf({
        flags: {
          ...(has("flag") && { "max-connections": "1" }),
          ...(has("file") && { config: "p.yaml" }),
        },
        env: {
          ...(has("prefixed") && { PORTOLAN_MAX_CONNECTIONS: "2" }),
          ...(has("bare") && { MAX_CONNECTIONS: "3" }),
        },
        files: { "p.yaml": "max-connections: 4\n" },
      });
      assert.equal(config.maxConnections, winner === undefined ? 8192 : places.indexOf(winner) + 1);
      const [kind, name] = winner === undefined ? (["default", "default"] as const) : names[winner];
      assert.deepEqual(config.origins.maxConnections, { kind, name });
    });
  }

  test("Marathon's URLs also come from proxymatic's variable, with or without our prefix", () => {
    const env = { MARATHON: "http://c", MARATHON_URL: "http://d" };
    assert.equal(hostsOf({ env: { MARATHON_URL: "http://d,http://e" } }), "d e");
    assert.equal(hostsOf({ env }), "c");
    assert.equal(hostsOf({ env: { ...env, PORTOLAN_MARATHON_URL: "http://b" } }), "b");
    assert.equal(
      hostsOf({
        env: { ...env, PORTOLAN_MARATHON_URL: "http://b", PORTOLAN_MARATHON: "http://a" },
      }),
      "a",
    );
  });

  test("a bad value that something stronger replaces does no harm", () => {
    assert.equal(configOf({ flags: { workers: "2" }, env: { WORKERS: "many" } }).workers, 2);
  });

  test("the file itself can be named by the environment", () => {
    assert.equal(
      configOf({ env: { PORTOLAN_CONFIG: "p.yaml" }, files: { "p.yaml": "workers: 3" } }).workers,
      3,
    );
  });

  test("a flag given as several texts is one list", () => {
    const config = configOf({ flags: { marathon: ["http://a,http://b", "http://c"] } });
    assert.deepEqual(
      config.marathon.map(({ hostname }) => hostname),
      ["a", "b", "c"],
    );
  });
});

suite("empty variables", () => {
  test("count as not set", () => {
    const config = configOf({
      env: { PORTOLAN_WORKERS: "", WORKERS: "4", MARATHON_URL: "", BIND: " " },
    });
    assert.equal(config.workers, 4);
    assert.equal(hasSource(config), false);
  });

  test("disable the status port, as in proxymatic", () => {
    assert.equal(configOf({ env: { STATUS_ENDPOINT: "" } }).statusEndpoint, undefined);
    assert.equal(configOf({ flags: { "status-endpoint": "" } }).statusEndpoint, undefined);
    assert.deepEqual(configOf({}).statusEndpoint, { host: "0.0.0.0", port: 9090 });
  });
});

suite("variables that are not ours", () => {
  const cluster = {
    PORTOLAN_PORT: "tcp://10.0.0.1:80",
    PORTOLAN_PORT_80_TCP_ADDR: "10.0.0.1",
    PORTOLAN_SERVICE_HOST: "10.0.0.1",
    PORTOLAN_SERVICE_PORT_HTTP: "80",
    MARATHON_PORT: "tcp://10.0.0.2:8080",
    WORKERS_PORT: "tcp://10.0.0.3:1",
    PATH: "/bin",
    __proto__x: "1",
  };

  test("neither break nor warn", () => assert.deepEqual(warningsOf({ env: cluster }), []));

  test("are skipped even where an option has the name of a service link", () => {
    const env = { PORTOLAN_VHOST_PORT: "tcp://10.0.0.1:80", VHOST_PORT: "8080" };
    const names = ["PORTOLAN_VHOST_PORT", "VHOST_PORT"];
    assert.deepEqual(findVariable(names, env, false), { name: "VHOST_PORT", text: "8080" });
  });

  test("with our prefix are a warning each, with the nearest name", () => {
    assert.deepEqual(warningsOf({ env: { PORTOLAN_WORKRS: "3", PORTOLAN_ZEBRA: "1" } }), [
      "PORTOLAN_WORKRS: unknown variable, ignored (did you mean PORTOLAN_WORKERS?)",
      "PORTOLAN_ZEBRA: unknown variable, ignored",
    ]);
  });
});

suite("problems", () => {
  test("are told all together, a line each, with where, what and what else to give", () => {
    const problems = problemsOf({
      flags: { workers: "many", bind: "localhost,127.0.0.1,x", config: "portolan.yaml" },
      env: { REFRESH_INTERVAL: "0", PORTOLAN_VERBOSE: "maybe" },
      files: { "portolan.yaml": "balance: random\nwokers: 3\n" },
    });
    assert.equal(problems.length, 7);
    const starts = [
      "portolan.yaml: wokers: unknown option (did you mean workers?)",
      'REFRESH_INTERVAL: "0" is not accepted; give a time from 1s to 24h',
      '--bind: "localhost" is not accepted; give IP addresses',
      '--bind: "x" is not accepted',
      'portolan.yaml: balance: "random" is not accepted; give one of leastconn, roundrobin',
      'PORTOLAN_VERBOSE: "maybe" is not accepted; give true, 1, false or 0',
      '--workers: "many" is not accepted; give a whole number from 1 to 64, or auto',
    ];
    for (const start of starts)
      assert.ok(
        problems.some((problem) => problem.startsWith(start)),
        start,
      );
  });

  test("never hold more than a line, nor a secret", () => {
    const problems = problemsOf({
      flags: {
        marathon: "http://user:hunter2@m1:x,ftp://user:hunter2@m2",
        workers: `1\n\u001B[31m${"x".repeat(9000)}`,
      },
    });
    assert.equal(problems.length, 3);
    for (const problem of problems) {
      assert.doesNotMatch(problem, /hunter2|[\p{Cc}]/u);
      assert.ok(problem.length < 300);
    }
  });

  test("of a secret file that is missing, unreadable or empty are told before anything runs", () => {
    const secret = "marathon-auth-file";
    assert.deepEqual(problemsOf({ flags: { [secret]: "/none" } }), [
      '--marathon-auth-file: "/none" cannot be read: no such file',
    ]);
    assert.deepEqual(problemsOf({ env: { MARATHON_AUTH_FILE: "/locked" } }), [
      'MARATHON_AUTH_FILE: "/locked" cannot be read: permission denied',
    ]);
    assert.deepEqual(problemsOf({ flags: { [secret]: "/a" }, files: { "/a": " \n" } }), [
      "--marathon-auth-file: the file is empty",
    ]);
    assert.equal(
      configOf({ flags: { [secret]: "/a" }, files: { "/a": "me:hunter2" } }).marathonAuthFile,
      "/a",
    );
  });
});

suite("a source", () => {
  test("is asked for only where it is needed", () => {
    assert.equal(hasSource(configOf({})), false);
    assert.deepEqual(problemsOf({ needsSource: true }), [
      'no source of services: give --marathon (or --marathon-host, --file, --registrator, --consul, --dns-srv, --docker), or try "portolan demo", which needs none',
    ]);
  });

  test("may come from a flag, a variable or the file", () => {
    const files = { "p.yaml": "marathon: [http://a, http://b]" };
    for (const given of [
      { flags: { marathon: "http://a" } },
      { env: { MARATHON_URL: "http://a" } },
      { flags: { config: "p.yaml" }, files },
    ]) {
      assert.equal(hasSource(configOf({ ...given, needsSource: true })), true);
    }
  });

  test("that was given but is wrong is one problem, not two", () => {
    assert.equal(problemsOf({ flags: { marathon: "m1:8080" }, needsSource: true }).length, 1);
    assert.equal(problemsOf({ flags: { config: "none.yaml" }, needsSource: true }).length, 1);
  });
});

suite("verbose", () => {
  const rows: readonly (readonly [Given, string])[] = [
    [{ flags: { verbose: "true" } }, "debug"],
    [{ env: { VERBOSE: "1" } }, "debug"],
    [{ flags: { verbose: "true" }, env: { LOG_LEVEL: "error" } }, "debug"],
    [{ flags: { verbose: "true", "log-level": "warn" } }, "warn"],
    [{ flags: { "log-level": "warn" }, env: { VERBOSE: "true" } }, "warn"],
    [{ flags: { verbose: "false" }, env: { VERBOSE: "true" } }, "info"],
  ];
  for (const [given, want] of rows) {
    test(`${JSON.stringify(given)} gives ${want}`, () =>
      assert.equal(configOf(given).logLevel, want));
  }

  test("is named as the origin of the level it set", () => {
    assert.deepEqual(configOf({ flags: { verbose: "true" } }).origins.logLevel, {
      kind: "flag",
      name: "--verbose",
    });
  });
});

suite("warnings", () => {
  test("name every retired flag and variable, in one line", () => {
    const flags = { "pen-servers": "64", haproxy: "true", "marathon-callback": "http://me" };
    assert.deepEqual(
      warningsOf({
        flags,
        env: { PEN_CLIENTS: "8192", PORTOLAN_HAPROXY: "false", PEN_SERVERS: "" },
      }),
      [
        "ignored, since there is nothing left to set: --marathon-callback, --haproxy, --pen-servers, PORTOLAN_HAPROXY, PEN_CLIENTS",
      ],
    );
  });

  test("tell of credentials on the command line, without them", () => {
    const [warning = "", ...rest] = warningsOf({ flags: { marathon: "http://me:hunter2@m1" } });
    assert.match(warning, /--marathon-auth-file/);
    assert.doesNotMatch(warning, /hunter2/);
    assert.deepEqual(rest, []);
    assert.deepEqual(warningsOf({ env: { MARATHON_URL: "http://me:hunter2@m1" } }), []);
  });
});

test("the data plane's settings come from every place, in their own units", () => {
  const config = configOf({
    flags: { config: "p.yaml", "host-name": ["agent-7", "10.0.0.7"], "slow-start": "0" },
    env: { GROUP_SIZE: "3", PORTOLAN_LOCALITY: "Prefer", IDLE_TIMEOUT: "90" },
    files: {
      "p.yaml":
        "replica-limit: 30\nqueueTimeout: 500ms\nslow-start: 10s\nproxy-trusted: [10.0.0.0/8, '::1']\n",
    },
  });
  const { groupSize, locality, idleTimeoutMs, replicaLimit, queueTimeoutMs, slowStartMs } = config;
  assert.deepEqual(
    { groupSize, locality, idleTimeoutMs, replicaLimit, queueTimeoutMs, slowStartMs },
    {
      groupSize: 3,
      locality: "prefer",
      idleTimeoutMs: 90_000,
      replicaLimit: 30,
      queueTimeoutMs: 500,
      slowStartMs: 0,
    },
  );
  assert.deepEqual(config.hostNames, ["agent-7", "10.0.0.7"]);
  assert.deepEqual(config.proxyTrusted, ["10.0.0.0/8", "::1"]);
});

test("what a shell says of the host is no setting of ours, unless it is meant for us", () => {
  const files = { "p.yaml": "host-name: agent-7" };
  const names = (env: Readonly<Record<string, string>>): readonly string[] =>
    configOf({ flags: { config: "p.yaml" }, files, env }).hostNames;
  assert.deepEqual(names({ HOSTNAME: "3f2a91c0" }), ["agent-7"]);
  assert.deepEqual(names({ HOST_NAME: "agent-8" }), ["agent-8"]);
  assert.deepEqual(names({ PORTOLAN_HOSTNAME: "agent-9" }), ["agent-9"]);
});

test("the configuration is frozen, and its defaults are not shared with a caller who may change them", () => {
  const config = configOf({});
  for (const part of [
    config,
    config.origins,
    config.bind,
    config.portRange,
    config.statusEndpoint,
    config.marathon,
    config.proxyTrusted,
    config.hostNames,
  ]) {
    assert.ok(Object.isFrozen(part));
  }
});
