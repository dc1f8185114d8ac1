// A large Marathon as a program: says where it is, then answers until it is killed.
import { startMarathon } from "../support/marathon.ts";
import type { LargeOptions } from "./large-marathon.ts";

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what large-marathon.ts sends
const { apps, ports } = JSON.parse(process.argv[2] ?? "{}") as LargeOptions;
const marathon = await startMarathon();
marathon.loadSynthetic({
  apps,
  tasksPerApp: ports.length,
  hostOf: () => "127.0.0.1",
  portOf: (_, task) => ports[task] ?? 0,
  // About as much as real apps say of themselves.
  padBytesPerTask: 300,
});
const firstPort = marathon.app("/group-0/app-0")?.definition.ports[0]?.servicePort ?? 0;
// Renders the list, so that nothing measured begins with that.
const answer = await fetch(`${marathon.urls[0]}/v2/apps?embed=apps.tasks`, {
  headers: { "accept-encoding": "identity" },
});
const bytes = (await answer.arrayBuffer()).byteLength;
console.log(`  a list of ${Math.round(bytes / 1e6)} MB`);
process.send?.({ url: marathon.urls[0], firstPort });
