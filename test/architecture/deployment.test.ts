import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { parseAllDocuments } from "yaml";
import { parseArgs } from "../../src/cli/arguments.ts";
import { readConfig } from "../../src/config/read-config.ts";
import type { Config } from "../../src/config/settings.ts";
import { at, document, entriesAt, listAt, read } from "../docker/documents.ts";
import { freePort } from "../support/free-port.ts";
import { startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";

/** How a deployment file starts portolan, and how long it waits for its end. */
interface Deployment {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Files that it puts into the container, by path. */
  readonly mounted?: ReadonlyMap<string, string>;
  readonly graceSeconds: number;
}

const systemd = read("systemd/portolan.service");
const nomad = read("nomad/portolan.nomad.hcl");
const [configMap, daemonSet] = parseAllDocuments(read("kubernetes/daemonset.yaml")).map(
  (part): unknown => part.toJS(),
);
const pod = at(daemonSet, "spec", "template", "spec");
const container = at(pod, "containers", 0);
const marathonApp = document("marathon/portolan.json");

function texts(entries: readonly [string, unknown][]): Record<string, string> {
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

function ofCompose(file: string): Deployment {
  const service = at(document(file), "services", "portolan");
  return {
    file,
    args: listAt(service, "command").map(String),
    env: texts(entriesAt(service, "environment")),
    mounted: new Map([["/etc/portolan/services.yml", read("services.yml")]]),
    graceSeconds: Number.parseInt(String(at(service, "stop_grace_period")), 10),
  };
}

const deployments: readonly Deployment[] = [
  ofCompose("compose.yml"),
  ofCompose("compose.mesos.yml"),
  {
    file: "marathon/portolan.json",
    args: [],
    env: texts(entriesAt(marathonApp, "env")),
    graceSeconds: Number(at(marathonApp, "taskKillGracePeriodSeconds")),
  },
  {
    file: "systemd/portolan.service",
    args: /^ExecStart=\S+(?: --[\w=-]+)+ \S+\/dist\/main\.js (.*)$/m
      .exec(systemd)?.[1]
      ?.split(" ") ?? ["?"],
    // What stands in the file that it names is the operator's.
    env: { PORTOLAN_MARATHON: "http://marathon.example:8080" },
    graceSeconds: Number(/^TimeoutStopSec=(\d+)s$/m.exec(systemd)?.[1]),
  },
  {
    file: "kubernetes/daemonset.yaml",
    args: listAt(container, "args").map(String),
    env: texts(listAt(container, "env").map((one) => [String(at(one, "name")), at(one, "value")])),
    mounted: new Map(
      entriesAt(configMap, "data").map(([name, text]) => [`/etc/portolan/${name}`, String(text)]),
    ),
    graceSeconds: Number(at(pod, "terminationGracePeriodSeconds")),
  },
  {
    file: "nomad/portolan.nomad.hcl",
    args: [...(/args\s*=\s*\[(.*)\]/.exec(nomad)?.[1] ?? "?").matchAll(/"([^"]*)"/g)].map(
      ([, word = ""]) => word,
    ),
    env: Object.fromEntries(
      [...nomad.matchAll(/(PORTOLAN_\w+)\s*=\s*"([^"]*)"/g)].map(([, name, value]) => [
        name,
        value,
      ]),
    ),
    graceSeconds: Number(/kill_timeout\s*=\s*"(\d+)s"/.exec(nomad)?.[1]),
  },
];

/** What the program makes of a deployment's words and variables; fails when it finds fault with any. */
function settled({ args, env, mounted = new Map() }: Deployment): Config {
  const asked = parseArgs(args, { version: "1.2.3" });
  assert.ok(asked.kind === "run" || asked.kind === "demo", JSON.stringify(asked));
  const readFile = (path: string): string => {
    const text = mounted.get(path);
    if (text === undefined) throw new Error(`${path} is not in the container`);
    return text;
  };
  const { flags } = asked;
  const config = readConfig({ flags, env, readFile, needsSource: asked.kind === "run" });
  assert.ok(config.kind === "config", JSON.stringify(config));
  assert.deepEqual(config.warnings, []);
  return config.config;
}

for (const deployment of deployments) {
  test(`${deployment.file} starts portolan as portolan understands it, and lets it drain`, () => {
    const { drainTimeoutMs, statusEndpoint } = settled(deployment);
    assert.ok(deployment.graceSeconds * 1000 >= drainTimeoutMs + 10_000);
    assert.equal(statusEndpoint?.port, 9090);
  });
}

test("the image is the pinned runtime's, in both of its stages (D09)", () => {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  );
  const version = String(at(manifest, "devDependencies", "node"));
  const bases = [...read("Dockerfile").matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
  assert.deepEqual(bases, [`node:${version}-slim`, `node:${version}-slim`]);
});

test("every file of docker/ is explained in its README", () => {
  const readme = read("README.md");
  for (const name of readdirSync(new URL("../../docker/", import.meta.url))) {
    if (name !== "README.md") assert.ok(readme.includes(`\`${name}`), name);
  }
});

suite("Marathon", () => {
  test("runs one portolan on each agent and never two at a time", () => {
    assert.deepEqual(at(marathonApp, "constraints"), [["hostname", "UNIQUE"]]);
    assert.deepEqual(at(marathonApp, "networks"), [{ mode: "host" }]);
    assert.equal(at(marathonApp, "requirePorts"), true);
    assert.deepEqual(at(marathonApp, "upgradeStrategy"), {
      minimumHealthCapacity: 0,
      maximumOverCapacity: 0,
    });
    assert.equal(at(marathonApp, "healthChecks", 0, "path"), "/status");
  });

  test("an app of ours is no service of ours, the web app is one", async () => {
    await using marathon = await startMarathon();
    const port = await freePort();
    const webapp = read("marathon/webapp.json").replace("1234", String(port));
    for (const text of [webapp, read("marathon/portolan.json")]) {
      const definition: unknown = JSON.parse(text);
      assert.ok(typeof definition === "object" && definition !== null && "id" in definition);
      const { id } = definition;
      assert.ok(typeof id === "string");
      marathon.putApp({ ...definition, id });
    }
    await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""]);
    await proxy.ready();
    const { services } = await proxy.table();
    assert.deepEqual(
      services.map(({ app }) => app),
      ["/demo/webapp"],
    );
    assert.equal(services[0]?.port, port);
    assert.deepEqual(JSON.parse(await proxy.text("/api/problems")), []);
  });
});

suite("Kubernetes", () => {
  test("runs it on every node, on the node's network, without rights", () => {
    assert.equal(at(daemonSet, "kind"), "DaemonSet");
    const { hostNetwork, dnsPolicy, enableServiceLinks } = Object.fromEntries(entriesAt(pod));
    assert.deepEqual(
      { hostNetwork, dnsPolicy, enableServiceLinks },
      { hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet", enableServiceLinks: false },
    );
    assert.equal(at(pod, "securityContext", "runAsNonRoot"), true);
    assert.deepEqual(at(container, "securityContext"), {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    const selector = at(daemonSet, "spec", "selector", "matchLabels");
    assert.deepEqual(at(daemonSet, "spec", "template", "metadata", "labels"), selector);
    assert.equal(at(pod, "volumes", 0, "configMap", "name"), at(configMap, "metadata", "name"));
  });
});

suite("systemd", () => {
  const missing = spawnSync("systemd-analyze", ["--version"]).status !== 0;

  test(
    "finds the unit well confined (D07)",
    { skip: missing && "needs Debian's package systemd" },
    () => {
      const unit = new URL("../../docker/systemd/portolan.service", import.meta.url).pathname;
      const { status, stdout } = spawnSync(
        "systemd-analyze",
        ["security", "--offline=true", "--threshold=25", unit],
        { encoding: "utf8", timeout: 30_000 },
      );
      assert.equal(status, 0, stdout);
    },
  );
});

suite("Nomad", () => {
  test("runs it on every client, with braces that match", () => {
    assert.match(nomad, /type\s*=\s*"system"/);
    assert.match(nomad, /network_mode\s*=\s*"host"/);
    assert.match(nomad, /readonly_rootfs\s*=\s*true/);
    let depth = 0;
    for (const [brace] of nomad.matchAll(/[{}]/g)) {
      depth += brace === "{" ? 1 : -1;
      assert.ok(depth >= 0);
    }
    assert.equal(depth, 0);
  });
});
