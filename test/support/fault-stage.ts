import type { EmbeddedMarathon } from "../../src/demo/marathon/marathon.ts";
import type { MarathonOptions } from "../../src/demo/marathon/options.ts";
import { Song } from "./canary.ts";
import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { app, place, startMarathon } from "./marathon.ts";
import { RunningProxy } from "./running-proxy.ts";
import { TcpClient } from "./tcp-client.ts";
import { echo, named, TcpReplica } from "./tcp-replica.ts";

/** Longest time from a table to its bound ports, in ms. */
const bindingMs = 2000;

export interface StageOptions {
  /** Flags beside `--marathon`. */
  readonly args?: readonly string[];
  readonly marathon?: Partial<MarathonOptions>;
  /** What Marathon has before the proxy starts. */
  readonly prepare?: (marathon: EmbeddedMarathon) => void;
  /** Threads that the story kills. Default 0. */
  readonly crashes?: number;
  /** Open files the proxy may have; default as many as the tests. */
  readonly descriptors?: number;
}

/** A whole proxy before a Marathon of its own, with one service `/web` that answers "web". */
export interface Stage {
  readonly marathon: EmbeddedMarathon;
  readonly proxy: RunningProxy;
  /** The service port of `/web`. */
  readonly port: number;
  /** The only task of `/web`. */
  readonly task: string;
}

/**
 * Plays a story on a whole program while a canary sings on a service of its own: not one of its connections may fail.
 */
export async function onStage(
  options: StageOptions,
  story: (stage: Stage) => Promise<void>,
): Promise<void> {
  await using bird = await TcpReplica.start(echo);
  await using web = await TcpReplica.start(named("web"));
  await using marathon = await startMarathon(options.marathon);
  const [canaryPort, port] = [await freePort(), await freePort()];
  marathon.putApp(app("/canary", canaryPort));
  marathon.putApp(app("/web", port));
  place(marathon, "/canary", bird.port);
  const task = place(marathon, "/web", web.port);
  options.prepare?.(marathon);
  const urls = marathon.urls.join(",");
  const { args = [], crashes = 0, descriptors } = options;
  await using proxy = await RunningProxy.start(
    ["--marathon", urls, ...args],
    {},
    {
      canary: "none: one that the same Marathon lists sings here",
      crashes,
      ...(descriptors === undefined ? {} : { descriptors }),
    },
  );
  await proxy.ready();
  await proxy.service(canaryPort, ({ listening }) => listening.length > 0);
  await using song = new Song(canaryPort);
  await story({ marathon, proxy, port, task });
  await song.assertWell();
}

/**
 * What the replica behind a port says its name is; undefined when the connection was reset. A table is told a moment
 * before its ports are bound, so a port that nobody listens on is asked again, for a while.
 */
export async function ask(port: number, host?: string): Promise<string | undefined> {
  const until = performance.now() + bindingMs;
  for (;;) {
    await using client = new TcpClient(port, host);
    await eventually(() => client.text.includes("\n") || client.closed);
    const isBound = client.error?.code !== "ECONNREFUSED";
    if (client.text.includes("\n")) return client.text.slice(0, client.text.indexOf("\n"));
    if (isBound || performance.now() > until) return undefined;
    await wait(10);
  }
}
