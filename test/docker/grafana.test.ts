import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { TemporaryFolder } from "../support/temporary-folder.ts";
import { at, document, listAt } from "./documents.ts";
import { isExported, metricsRead } from "./metric-names.ts";
import { promtool, promtoolMissing } from "./promtool.ts";

const files = readdirSync(new URL("../../docker/grafana/dashboards/", import.meta.url));
const provider = document("grafana/provisioning/dashboards/portolan.yml");
const sources = document("grafana/provisioning/datasources/prometheus.yml");

test("there is a dashboard, and the provisioning finds it", () => {
  assert.deepEqual(files, ["portolan.json"]);
  const mounts = listAt(document("compose.yml"), "services", "grafana", "volumes");
  const path = at(provider, "providers", 0, "options", "path");
  assert.ok(mounts.includes(`./grafana/dashboards:${String(path)}:ro`));
  assert.ok(mounts.includes("./grafana/provisioning:/etc/grafana/provisioning:ro"));
  assert.equal(at(sources, "datasources", 0, "url"), "http://prometheus:9090");
});

/** The places of the grid, 24 wide, that a panel covers. */
function cellsOf(panel: unknown): string[] {
  const side = (name: string): number => Number(at(panel, "gridPos", name));
  const [left, top, width, height] = [side("x"), side("y"), side("w"), side("h")];
  assert.ok(left + width <= 24, String(at(panel, "title")));
  return Array.from({ length: width * height }, (_, index) => {
    return `${left + (index % width)},${top + Math.floor(index / width)}`;
  });
}

for (const file of files) {
  const dashboard = document(`grafana/dashboards/${file}`);
  const panels = listAt(dashboard, "panels");
  const expressions = panels.flatMap((panel) =>
    listAt(panel, "targets").map((target) => String(at(target, "expr"))),
  );
  const variables = listAt(dashboard, "templating", "list");

  test(`${file} reads only metrics that are exported`, () => {
    assert.ok(expressions.length > 20);
    const queries = variables.map((variable) => String(at(variable, "definition")));
    for (const expression of [...expressions, ...queries]) {
      for (const name of metricsRead(expression)) assert.ok(isExported(name), name);
    }
    for (const expression of expressions) assert.notDeepEqual(metricsRead(expression), []);
  });

  test(`${file} can be provisioned anywhere: fixed uid, data source by variable`, () => {
    assert.match(String(at(dashboard, "uid")), /^[a-z-]+$/);
    assert.equal(typeof at(dashboard, "schemaVersion"), "number");
    assert.deepEqual(
      variables.map((variable) => at(variable, "name")),
      ["DS_PROMETHEUS", "instance", "service"],
    );
    const inUse = panels.flatMap((panel) => [panel, ...listAt(panel, "targets")]);
    for (const user of inUse) {
      if (at(user, "type") === "row") continue;
      assert.equal(at(user, "datasource", "uid"), "${DS_PROMETHEUS}");
    }
  });

  test(`${file} has its rows, and no panel hides another`, () => {
    const rows = panels.filter((panel) => at(panel, "type") === "row");
    assert.deepEqual(
      rows.map((row) => at(row, "title")),
      ["Overview", "Services", "Replicas", "Discovery", "Runtime"],
    );
    const ids = panels.map((panel) => at(panel, "id"));
    assert.equal(new Set(ids).size, ids.length);
    const taken = new Set<string>();
    for (const panel of panels) {
      for (const cell of cellsOf(panel)) {
        assert.ok(!taken.has(cell), `${String(at(panel, "title"))} at ${cell}`);
        taken.add(cell);
      }
    }
  });

  test(`Prometheus can read every expression of ${file}`, { skip: promtoolMissing }, () => {
    using folder = new TemporaryFolder();
    const rules = expressions.map((expression, index) => ({
      record: `panel:${index}`,
      expr: expression.replaceAll("$__rate_interval", "1m"),
    }));
    const path = folder.file("panels.json");
    writeFileSync(path, JSON.stringify({ groups: [{ name: "panels", rules }] }));
    const { ok, said } = promtool("check", "rules", path);
    assert.ok(ok, said);
  });
}
