import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { at, document, listAt, read } from "./documents.ts";
import { isExported, metricsRead } from "./metric-names.ts";
import { promtool, promtoolMissing } from "./promtool.ts";

const ruleFiles = ["alerts.yml", "recording.yml", "haproxy-compat.rules.yml"];

function rulesOf(file: string): unknown[] {
  return listAt(document(`prometheus/${file}`), "groups").flatMap((group) =>
    listAt(group, "rules"),
  );
}

const alerts = rulesOf("alerts.yml");
const testFiles = readdirSync(new URL("../../docker/prometheus/tests/", import.meta.url));

for (const file of ruleFiles) {
  test(`${file} reads only metrics that are exported`, () => {
    const rules = rulesOf(file);
    assert.ok(rules.length > 5);
    for (const rule of rules) {
      const names = metricsRead(String(at(rule, "expr")));
      assert.ok(names.length > 0 || at(rule, "alert") === "PortolanDown", String(at(rule, "expr")));
      for (const name of names) assert.ok(isExported(name), `${name} in ${file}`);
    }
  });
}

test("an invented metric is noticed", () => {
  assert.deepEqual(metricsRead('rate(portolan_made_up_total{x="y"}[5m]) / a:portolan_sum:rate5m'), [
    "portolan_made_up_total",
  ]);
  assert.equal(isExported("portolan_made_up_total"), false);
  assert.equal(isExported("portolan_service_up_bucket"), false);
});

test("every alert says how bad it is, what it means and where to read on", () => {
  const runbook = read("prometheus/README.md");
  assert.ok(alerts.length > 10);
  for (const alert of alerts) {
    const name = String(at(alert, "alert"));
    assert.match(String(at(alert, "labels", "severity")), /^(critical|warning|info)$/, name);
    for (const annotation of ["summary", "description"]) {
      assert.equal(typeof at(alert, "annotations", annotation), "string", `${name} ${annotation}`);
    }
    const link = `docker/prometheus/README.md#${name.toLowerCase()}`;
    assert.equal(at(alert, "annotations", "runbook"), link);
    assert.match(runbook, new RegExp(`^### ${name}( \\\\\\*)?$`, "m"));
  }
});

test("every alert is shown to stay quiet and to fire", () => {
  const cases = listAt(document("prometheus/tests/alerts.yml"), "tests");
  assert.deepEqual(
    cases.map((one) => at(one, "name")),
    alerts.map((alert) => at(alert, "alert")),
  );
  for (const one of cases) {
    const [quiet, firing] = listAt(one, "promql_expr_test");
    assert.deepEqual(at(quiet, "exp_samples"), []);
    assert.equal(listAt(firing, "exp_samples").length, 1, String(at(one, "name")));
  }
});

test("the demo's configuration loads every rule file", () => {
  const config = document("prometheus/prometheus.yml");
  assert.deepEqual(listAt(config, "rule_files").toSorted(), ruleFiles.toSorted());
  assert.deepEqual(
    listAt(config, "scrape_configs").map((job) => at(job, "job_name")),
    ["portolan"],
  );
});

test("promtool finds nothing wrong", { skip: promtoolMissing }, () => {
  for (const args of [
    ["check", "rules", ...ruleFiles],
    ["check", "config", "prometheus.yml"],
  ]) {
    const { ok, said } = promtool(...args);
    assert.ok(ok, said);
  }
});

for (const file of testFiles) {
  test(`the rules do what tests/${file} says`, { skip: promtoolMissing }, () => {
    const { ok, said } = promtool("test", "rules", `tests/${file}`);
    assert.ok(ok, said);
  });
}
