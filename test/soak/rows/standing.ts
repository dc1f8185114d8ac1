import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { ReplicaProcess } from "../../support/replica-process.ts";
import { Crowd } from "../crowd.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";
import { onLoadStage } from "../load-stage.ts";
import { residentMegabytes } from "../process-figures.ts";

const count = 100;
/** How long clients read before they stop, in ms. */
const readMs = 1000;

/** Bytes that go in one direction until nobody takes them any more, and stand there. */
async function standStill(
  direction: "to clients" | "to replicas",
  { tell, seconds = 60 }: LoadOptions,
): Promise<void> {
  const isPushing = direction === "to replicas";
  await using replica = await ReplicaProcess.start("still", isPushing ? "deaf" : "pour");
  const port = await freePort();
  const services = [{ app: "/still", port, replicas: [replica.port] }];
  await onLoadStage({ services, args: ["--health", "marathon"] }, async ({ proxy }) => {
    const service = { service: `still:${port}` };
    const moved = async (): Promise<number> => {
      const way = isPushing ? "received" : "sent";
      return (await proxy.metric(`portolan_service_${way}_bytes_total`, service)) ?? NaN;
    };
    // The canary has warmed it up a little, so that what grows is on the account of these clients.
    await wait(2000);
    const before = residentMegabytes(proxy.pid);
    await using crowd = await Crowd.gather({
      port,
      count,
      ...(isPushing ? { pushes: true } : { readMs }),
    });
    const connected = async (): Promise<boolean> => (await crowd.faring()).connected === count;
    await eventually(connected, { what: `${count} connections` });
    if (!isPushing) await wait(readMs);
    const stoodAt = performance.now();
    let [most, bytes, lastMoveMs] = [before, 0, 0];
    while (performance.now() - stoodAt < seconds * 1000) {
      const now = await moved();
      if (now !== bytes) lastMoveMs = performance.now() - stoodAt;
      bytes = now;
      most = Math.max(most, residentMegabytes(proxy.pid));
      await wait(250);
    }
    tell(
      `${Math.round(bytes / 1e6)} MB were taken, the last ${(lastMoveMs / 1000).toFixed(1)} s after`,
    );
    tell(
      `${before.toFixed(0)} MB before, ${most.toFixed(0)} at most in ${seconds} s of standing still`,
    );
    assert.ok(lastMoveMs < 10_000, "within 2 s where nothing else goes on");
    assert.ok(most - before <= 32, `${(most - before).toFixed(1)} MB more`);
    assert.equal(await proxy.metric("portolan_service_connections_active", service), count);
    // Of clients that are held back nobody hears that they are gone.
    await replica.kill();
  });
}

export const standingRows: readonly LoadRow[] = [
  {
    id: "T09",
    what: "100 clients pull an endless stream and stop reading for 60 s",
    run: (options) => standStill("to clients", options),
  },
  {
    id: "T10",
    what: "100 clients push for 60 s to replicas that do not read",
    run: (options) => standStill("to replicas", options),
  },
];
