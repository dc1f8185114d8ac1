import { Cluster } from "../../../src/demo/marathon/cluster.ts";
import { rulesOf } from "../../../src/demo/marathon/dialect.ts";
import { RenderedLists } from "../../../src/demo/marathon/rendered-lists.ts";
import { loadSynthetic } from "../../../src/demo/marathon/synthetic.ts";

/** Marathon's answer for 1,000 apps with 10 tasks each, as bytes. */
export function renderLargeList({ padBytesPerTask }: { readonly padBytesPerTask: number }): Buffer {
  const rules = rulesOf("1.10");
  const cluster = new Cluster({ rules, clock: Date.now, random: Math.random });
  loadSynthetic(cluster, { apps: 1000, tasksPerApp: 10, padBytesPerTask });
  const embed = { tasks: true, lastTaskFailure: false, readiness: false };
  const query = { key: "bench", embed, selects: () => true };
  return new RenderedLists(rules).apps(cluster.state, query);
}

/** How the list is read: every port, as one version says. */
export const marathonOptions = {
  source: "marathon",
  groups: ["*"],
  exposeHost: true,
  definitionOf: () => undefined,
} as const;
