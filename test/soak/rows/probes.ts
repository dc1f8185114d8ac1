import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { freePort } from "../../support/free-port.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";
import { onLoadStage } from "../load-stage.ts";
import { Probed } from "../probed.ts";
import { cpuSeconds, threadCpuSeconds } from "../process-figures.ts";

const count = 5000;

/** Thousands of replicas that are asked every two seconds. */
async function manyProbes({ tell, seconds = 60 }: LoadOptions): Promise<void> {
  await using probed = await Probed.start();
  const port = await freePort();
  const replicas = Array.from({ length: count }, (_, index) => {
    return `127.20.${Math.floor(index / 250)}.${1 + (index % 250)}:${probed.port}`;
  });
  const options = { check: "tcp", "check-interval": "2s" };
  await onLoadStage(
    { services: [{ app: "/many", port, options, replicas }] },
    async ({ proxy }) => {
      const areUp = (all: readonly { readonly state: string }[]): boolean =>
        all.length === count && all.every(({ state }) => state === "up");
      await proxy.service(port, (service) => areUp(service.replicas));
      // Until each has been asked once it is asked at another pace.
      await wait(5000);
      const { pid } = proxy;
      await probed.seen();
      const [all, control] = [cpuSeconds(pid), threadCpuSeconds(pid, pid)];
      await wait(seconds * 1000);
      const share = (threadCpuSeconds(pid, pid) - control) / seconds;
      const whole = (cpuSeconds(pid) - all) / seconds;
      const { accepted, mostOpen, tenths } = await probed.seen();
      const sorted = tenths.toSorted((one, other) => one - other);
      const mean = accepted / tenths.length;
      const often = sorted[Math.floor(0.99 * sorted.length)] ?? 0;
      tell(
        `${Math.round(accepted / seconds)} probes a second, ${mostOpen} at the same time at most`,
      );
      tell(`${mean.toFixed(0)} in a tenth of a second, ${sorted.at(-1)} in the busiest`);
      const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;
      tell(`${percent(share)} of a core on the control thread, ${percent(whole)} with everything`);
      assert.ok(accepted / seconds >= count / 2, "each is asked every two seconds");
      // 256 are under way at most; that one is over is seen a moment later by who is asked.
      assert.ok(mostOpen <= 300);
      assert.ok(often <= 3 * mean, `${often} in a tenth of a second, more than once in a hundred`);
      assert.ok(share < 0.25, "the row asks for 15 %, of a machine with nothing else to do");
      assert.ok(areUp((await proxy.service(port)).replicas));
    },
  );
}

export const probeRows: readonly LoadRow[] = [
  { id: "HC07", what: "5000 replicas that are asked every 2 s, for a minute", run: manyProbes },
];
