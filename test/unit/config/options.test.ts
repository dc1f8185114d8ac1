import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { environmentNames } from "../../../src/config/environment.ts";
import { nearest } from "../../../src/config/nearest.ts";
import {
  camelCase,
  defaultText,
  optionGroups,
  options,
  settingNames,
} from "../../../src/config/options.ts";
import { retiredOptions } from "../../../src/config/retired-options.ts";
import { ownOptions } from "../../../src/discovery/labels/own-options.ts";
import { defaultPolicy } from "../../../src/model/policy.ts";
import { readConfig } from "../../../src/config/read-config.ts";

const all = settingNames.map((name) => ({ name, option: options[name] }));

for (const { name, option } of all) {
  test(`--${option.flag} is described, grouped and named as the contract says`, () => {
    assert.match(option.flag, /^[a-z]+(-[a-z]+)*$/);
    assert.match(option.describe, /^[A-Zj].{10,90}[^.]$/);
    assert.equal(optionGroups.filter((group) => name in group.options).length, 1);
    const variable = option.flag.toUpperCase().replaceAll("-", "_");
    const names = environmentNames(option);
    assert.equal(names[0], `PORTOLAN_${variable}`);
    assert.ok(names.includes(variable));
  });

  test(`--${option.flag} reads its own default back`, () => {
    const shown = defaultText(name);
    if (shown === "") return;
    const given = readConfig({
      flags: new Map([[option.flag, [shown]]]),
      env: {},
      readFile: () => "",
    });
    assert.equal(given.kind, "config");
    assert.deepEqual(given.kind === "config" && given.config[name], option.fallback);
  });
}

test("no two options share a flag, a letter, a variable or a file key", () => {
  const named = [...all.map(({ option }) => option), ...retiredOptions];
  for (const names of [
    named.map(({ flag }) => flag),
    named.flatMap(({ alias }) => alias ?? []),
    [
      ...all.flatMap(({ option }) => environmentNames(option)),
      ...retiredOptions.map(({ env }) => env),
    ],
    all.flatMap(({ option }) => [...new Set([option.flag, camelCase(option.flag)])]),
  ]) {
    assert.deepEqual(names, [...new Set(names)]);
  }
});

test("the defaults are the documented ones", () => {
  assert.deepEqual(
    Object.fromEntries(all.map(({ name, option }) => [option.flag, defaultText(name)])),
    {
      marathon: "",
      "marathon-host": "",
      "marathon-port": "8080",
      "marathon-auth-file": "",
      "marathon-ca": "",
      "marathon-cert": "",
      "marathon-key": "",
      groups: "*",
      "enable-tcp": "true",
      "enable-udp": "true",
      "expose-host": "true",
      pods: "false",
      file: "",
      registrator: "",
      consul: "",
      "consul-token-file": "",
      "consul-ca": "",
      "consul-cert": "",
      "consul-key": "",
      "consul-tags": "",
      "consul-stale": "false",
      "consul-datacenter": "",
      "consul-warning": "up",
      "dns-srv": "",
      "dns-srv-servers": "",
      docker: "",
      "source-priority": "marathon,registrator,consul,file,dns,docker",
      "merge-sources": "false",
      "state-file": "",
      "refresh-interval": "1m",
      "shrink-guard": "true",
      bind: "127.0.0.1",
      "port-range": "1-65535",
      "max-connections": "8192",
      "idle-timeout": "1h",
      "drain-timeout": "30s",
      "proxy-trusted": "",
      "vhost-domain": "",
      "vhost-port": "80",
      "enable-gateway": "false",
      "gateway-bind": "0.0.0.0",
      "gateway-port-http": "80",
      "gateway-port-https": "443",
      "gateway-connections": "16384",
      "proxy-protocol": "false",
      "tls-cert-dir": "",
      "access-log": "off",
      balance: "leastconn",
      locality: "any",
      "host-name": "",
      "replica-limit": "0",
      "group-size": "1",
      "queue-timeout": "5s",
      "slow-start": "0",
      "connect-timeout": "3s",
      "enable-health-checks": "true",
      health: "both",
      "check-interval": "2s",
      "check-fast-interval": "500ms",
      "check-timeout": "2s",
      "check-rise": "2",
      "check-fall": "3",
      "check-secrets": "",
      "upstream-confd": "",
      "upstream-names": "readme",
      "upstream-hook": "",
      "run-state-dir": "",
      "enable-files": "true",
      "enable-dns": "false",
      "dns-port": "53",
      "dns-basename": "mmsd.",
      "dns-ttl": "5s",
      "dns-push-srv": "false",
      "dns-forward": "false",
      "api-port": "",
      "status-endpoint": "0.0.0.0:9090",
      "admin-token-file": "",
      "metrics-detail": "service",
      "log-level": "info",
      "log-format": "auto",
      verbose: "false",
      workers: "1",
      "shed-memory-at": "85",
      takeover: "",
      config: "",
    },
  );
});

suite("the data plane's options", () => {
  // What an app owner may ask for in a label is what an operator may ask for in a flag.
  const shared = [
    ["balance", "balance", ["leastconn", "first", "random", ""]],
    ["locality", "locality", ["prefer", "some", ""]],
    ["maxConnections", "maxConnections", ["0", "1", "1000000", "1000001", "x"]],
    ["replicaLimit", "replicaLimit", ["-1", "0", "1000000", "1000001"]],
    ["queueTimeoutMs", "queueTimeoutMs", ["0", "1ms", "1h", "3601s"]],
    ["slowStartMs", "slowStartMs", ["0", "1h", "3601s"]],
    ["idleTimeoutMs", "idleMs", ["999ms", "1s", "24h", "86401s"]],
  ] as const;
  for (const [name, setting, texts] of shared) {
    for (const text of texts) {
      test(`--${options[name].flag} takes ${JSON.stringify(text)} just where the label does`, () => {
        const flag = options[name].reader.parse(text);
        const { value, faults } = ownOptions[setting].reader.read(text);
        assert.equal(flag.kind === "value", faults.length === 0);
        if (flag.kind === "value") assert.equal(flag.value, value);
      });
    }
    test(`--${options[name].flag} defaults to what the model says`, () => {
      assert.equal(options[name].fallback, defaultPolicy[setting]);
    });
  }
});

suite("the nearest word", () => {
  const words = ["workers", "balance", "run", "demo", "bind"];
  const rows = [
    ["wokers", "workers"],
    ["worker", "workers"],
    ["wrokers", "workers"],
    ["rnu", "run"],
    ["bnid", "bind"],
    ["kubernetes", undefined],
    ["x", undefined],
    ["", undefined],
    ["w".repeat(10_000), undefined],
  ] as const;
  for (const [typed, want] of rows) {
    test(`to ${typed.slice(0, 20)} is ${want}`, () => assert.equal(nearest(typed, words), want));
  }
});
