// A Marathon that says much as a program: says where it is, then as many events as it is told, and what it was asked.
import { setImmediate as turnOfLoop, setTimeout as wait } from "node:timers/promises";
import { startMarathon } from "../support/marathon.ts";
import type { Flood, Flooded } from "./flooding-marathon.ts";

const marathon = await startMarathon();
const apps = Array.from({ length: 20 }, (_, index) => `/flood/app-${index}`);
for (const id of apps) marathon.putApp({ id, portDefinitions: [{ port: 0 }] });

/** Events of every app in turn, none of which changes anything. */
function say(number: number): void {
  const appId = apps[number % apps.length] ?? "";
  const taskId = `${appId.slice(1).replaceAll("/", "_")}.${number}`;
  const event = { appId, taskId, taskStatus: "TASK_STAGING", host: "127.0.0.1", ports: [1] };
  marathon.emit({ eventType: "status_update_event", ...event });
}

function asked(path: string): number {
  return marathon.requests.filter((request) => request.path.startsWith(path)).length;
}

async function flood({ perSecond, seconds }: Flood): Promise<Flooded> {
  const [lists, streams] = [asked("/v2/apps"), asked("/v2/events")];
  const startedAt = performance.now();
  let said = 0;
  for (let passed = 0; passed < seconds; passed = (performance.now() - startedAt) / 1000) {
    while (said < passed * perSecond) {
      say((said += 1));
      // What is written has to leave: more than a thousand events that wait are those of a reader that is too slow.
      if (said % 256 === 0) await turnOfLoop();
    }
    await wait(2);
  }
  return { said, reads: asked("/v2/apps") - lists, streams: asked("/v2/events") - streams };
}

process.on("message", (told: Flood) => {
  void flood(told).then((flooded) => process.send?.(flooded));
});
process.once("disconnect", () => process.exit());
process.send?.(marathon.urls[0]);
