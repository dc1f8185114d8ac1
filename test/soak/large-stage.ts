import { Song } from "../support/canary.ts";
import { eventually } from "../support/eventually.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { echo, TcpReplica } from "../support/tcp-replica.ts";
import { LargeMarathon } from "./large-marathon.ts";
import type { LoadOptions } from "./load-row.ts";

/** Apps on the stage, each with five tasks. */
export const apps = 10_000;
/** Of its own, since the service ports are many and fixed. */
export const largeHost = "127.77.0.2";

interface LargeStage {
  readonly proxy: RunningProxy;
  /** Service port of the first app; the others follow. */
  readonly firstPort: number;
  readonly song: Song;
}

interface LargeStageOptions extends LoadOptions {
  /** Default none. */
  readonly args?: readonly string[];
}

/** Plays a story on a proxy that serves ten thousand apps, one of which sings, with these flags beside its own. */
export async function onLargeStage(
  { tell, args: more = [] }: LargeStageOptions,
  story: (stage: LargeStage) => Promise<void>,
): Promise<void> {
  await using replicas = new AsyncDisposableStack();
  const ports: number[] = [];
  for (let count = 0; count < 5; count += 1) {
    ports.push(replicas.use(await TcpReplica.start(echo)).port);
  }
  await using marathon = await LargeMarathon.start({ apps, ports });
  const startedAt = performance.now();
  // Its health checks are HTTP's, and the replicas here only echo.
  const args = ["--marathon", marathon.url, "--bind", largeHost, "--health", "marathon"];
  args.push("--refresh-interval", "1h");
  // A page of metrics alone is tens of megabytes here.
  const canary = "none: one of the ten thousand apps sings" as const;
  const roomy = { patienceMs: 60_000, heapBytes: 512 << 20, canary };
  await using proxy = await RunningProxy.start([...args, ...more], {}, roomy);
  await proxy.ready();
  const bound = async (): Promise<number> =>
    (await proxy.table()).services.filter(({ listening }) => listening.length > 0).length;
  // Others on this machine may have a few of these ports on every address.
  await eventually(async () => (await bound()) > apps * 0.99, { withinMs: 60_000, what: "ports" });
  const took = ((performance.now() - startedAt) / 1000).toFixed(1);
  tell(`${await bound()} of ${apps} ports served ${took} s after the start`);
  await using song = new Song(marathon.firstPort, largeHost);
  await story({ proxy, song, firstPort: marathon.firstPort });
  await song.assertWell();
  tell(`${song.served} connections meanwhile, none failed`);
}
