import { Song } from "../support/canary.ts";
import { freePort } from "../support/free-port.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { echo, TcpReplica } from "../support/tcp-replica.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

/** A service of a file; its replicas are ports of this host, or addresses with a port. */
export interface Listed {
  readonly app: string;
  readonly port: number;
  readonly protocol?: "tcp" | "udp" | "both";
  readonly options?: Readonly<Record<string, string>>;
  readonly replicas: readonly (number | string)[];
}

/** Another network that a proxy is in, while its replicas and clients are in this one. */
export interface Elsewhere {
  /** Put before a command, it runs there. */
  readonly command: readonly string[];
  /** What it binds. */
  readonly inside: string;
  /** Where its replicas are. */
  readonly outside: string;
  /** Where its status port is. Default: where the others are. */
  readonly status?: string;
}

export interface LoadStageOptions {
  readonly services: readonly Listed[];
  readonly args?: readonly string[];
  /** What it binds. Default 127.0.0.1. */
  readonly host?: string;
  /** Where it is instead of here. */
  readonly network?: Elsewhere | undefined;
}

export interface LoadStage {
  readonly proxy: RunningProxy;
  /** Lists these services from now on, and the canary's. */
  readonly list: (services: readonly Listed[]) => void;
}

/**
 * Plays a story on a whole proxy that reads a file of services, while a canary sings on a service of its own; the
 * canary must not fail once, and afterwards everything must be as it was.
 */
export async function onLoadStage(
  { services, args = [], network, ...options }: LoadStageOptions,
  story: (stage: LoadStage) => Promise<void>,
): Promise<void> {
  using folder = new TemporaryFolder();
  const host = network?.inside ?? options.host ?? "127.0.0.1";
  const home = network?.outside ?? "127.0.0.1";
  await using bird = await TcpReplica.start(echo, 0, home);
  const canary = await freePort();
  const list = (listed: readonly Listed[]): void => {
    const all = [{ app: "/canary", port: canary, replicas: [bird.port] }, ...listed];
    const written = all.map((one) => {
      const replicas = one.replicas.map((at) => (typeof at === "string" ? at : `${home}:${at}`));
      return { ...one, replicas };
    });
    folder.replace("services.json", JSON.stringify({ services: written }));
  };
  list(services);
  const file = ["--file", folder.file("services.json"), "--bind", host];
  await using proxy = await RunningProxy.start(
    [...file, "--max-connections", "1000000", ...args],
    {},
    {
      canary: "none: one that the same file lists sings here",
      ...(network !== undefined && {
        within: network.command,
        statusHost: network.status ?? network.inside,
      }),
    },
  );
  await proxy.ready();
  await proxy.service(canary, ({ listening }) => listening.length > 0);
  for (const { port } of services)
    await proxy.service(port, ({ listening }) => listening.length > 0);
  await using song = new Song(canary, host);
  await story({ proxy, list });
  await song.assertWell();
}
