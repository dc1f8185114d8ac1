import { apiPortPages } from "../admin/service-api.ts";
import { StatusServer } from "../admin/status-server.ts";
import type { Config } from "../config/settings.ts";
import type { Logger } from "../model/logger.ts";
import type { Problem } from "../model/problem.ts";
import { DnsServer } from "../publish/dns/dns-server.ts";
import { hostResolvers } from "../publish/dns/host-resolvers.ts";
import { InstanceFiles } from "../publish/instance-files.ts";
import type { Table } from "../routing/table.ts";

export interface PublishersOptions {
  readonly config: Config;
  readonly version: string;
  readonly table: () => Table;
  readonly logger: Logger;
  readonly random: () => number;
}

/** Something that others read the table from. */
interface Publisher extends AsyncDisposable {
  publish(table: Table): void;
  problems(): readonly Problem[];
}

/** Everything that tells others where services are: files, DNS, the service API on ports of its own. */
export class Publishers implements AsyncDisposable {
  readonly #publishers: Publisher[] = [];
  readonly #stack = new AsyncDisposableStack();

  /** Opens what is configured; rejects when a port is taken, since nobody would find the answers elsewhere. */
  static async open(options: PublishersOptions): Promise<Publishers> {
    const publishers = new Publishers();
    try {
      await publishers.#open(options);
    } catch (error) {
      await publishers[Symbol.asyncDispose]();
      throw error;
    }
    return publishers;
  }

  publish(table: Table): void {
    for (const publisher of this.#publishers) publisher.publish(table);
  }

  problems(): Problem[] {
    return this.#publishers.flatMap((publisher) => publisher.problems());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #open(options: PublishersOptions): Promise<void> {
    const { config } = options;
    const files = openFiles(options);
    if (files !== undefined) this.#add(files);
    for (const host of config.bind) {
      if (config.enableDns) this.#add(await openDns(host, options));
      if (config.apiPort !== undefined) {
        this.#stack.use(await openApi({ host, port: config.apiPort }, options));
      }
    }
  }

  #add(publisher: Publisher): void {
    this.#publishers.push(publisher);
    this.#stack.use(publisher);
  }
}

/** mmsd's state directory means mmsd's file names, unless a directory of our own is named. */
function openFiles({ config, logger, random }: PublishersOptions): InstanceFiles | undefined {
  const { upstreamConfd, upstreamNames, upstreamHook: hook, runStateDir } = config;
  const mmsds = runStateDir === undefined ? undefined : `${runStateDir}/confd`;
  const directory = upstreamConfd ?? mmsds;
  if (directory === undefined || !config.enableFiles) return undefined;
  const naming = upstreamConfd === undefined ? "mmsd" : upstreamNames;
  return InstanceFiles.open({ directory, naming, hook, checkOf, logger, random });
}

function checkOf({ checkKind }: Table["routes"][number]): string | undefined {
  return checkKind;
}

async function openDns(host: string, { config, logger }: PublishersOptions): Promise<DnsServer> {
  return await DnsServer.open({
    address: { host, port: config.dnsPort },
    origin: config.dnsBasename,
    ttlSeconds: Math.round(config.dnsTtlMs / 1000),
    pushSrv: config.dnsPushSrv,
    forward: config.dnsForward ? hostResolvers() : [],
    logger,
  });
}

async function openApi(
  address: { readonly host: string; readonly port: number },
  { version, table, logger }: PublishersOptions,
): Promise<StatusServer> {
  const pages = apiPortPages({ version, table });
  const failed = (path: string, error: unknown): void =>
    logger.error("service API failed", { path, error });
  return await StatusServer.open({ address, pages, failed });
}
