import assert from "node:assert/strict";
import { test } from "node:test";
import { aloneWithShares } from "../support/alone.ts";
import { eventually } from "../support/eventually.ts";
import { ask } from "../support/fault-stage.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { countListeners, killListeners, noSocketKiller } from "../support/socket-killer.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { echo, named, TcpReplica } from "../support/tcp-replica.ts";

const skip = await noSocketKiller();

for (const workers of [1, 2]) {
  test(
    `listeners that root destroys are noticed and bound anew, and their connections live on, with ${workers} workers (B08)`,
    { skip },
    async () => {
      await using _ = workers === 1 ? undefined : await aloneWithShares();
      await using replica = await TcpReplica.start(echo);
      await using other = await TcpReplica.start(named("other"));
      await using marathon = await startMarathon();
      const [port, untouched] = [await freePort(), await freePort()];
      marathon.putApp(app("/web", port));
      marathon.putApp(app("/other", untouched));
      place(marathon, "/web", replica.port);
      place(marathon, "/other", other.port);
      const args = ["--marathon", marathon.urls[0] ?? "", "--workers", String(workers)];
      await using proxy = await RunningProxy.start(args);
      await proxy.ready();
      for (const one of [port, untouched])
        await proxy.service(one, ({ listening }) => listening.length > 0);
      await using running = await TcpClient.open(port);
      running.socket.write("before ");
      await eventually(() => running.text === "before ");
      // Of sockets that share a port it destroys one at a time.
      await eventually(() => {
        killListeners(port);
        return countListeners(port) === 0;
      });
      const told = (of: number): boolean =>
        proxy.log.some(({ msg }) => String(msg).includes(`nobody listens on 127.0.0.1:${of} any`));
      await eventually(() => told(port), { withinMs: 20_000 });
      await eventually(() => countListeners(port) === workers, { withinMs: 10_000 });
      await using fresh = new TcpClient(port);
      fresh.socket.end("again");
      await eventually(() => fresh.text === "again");
      running.socket.end("and after");
      await eventually(() => running.text === "before and after");
      assert.equal(await ask(untouched), "other");
      const problems = async (): Promise<string> => await proxy.text("/api/problems");
      await eventually(async () => !(await problems()).includes("nobody listens"));
      assert.equal(told(untouched), false);
      assert.equal(await proxy.metric("portolan_worker_crashes_total"), 0);
      assert.equal((await proxy.service(port)).listening.length, 1);
    },
  );
}
