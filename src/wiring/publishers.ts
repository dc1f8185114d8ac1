import { apiPortPages } from "../admin/service-api.ts";
import { StatusServer } from "../admin/status-server.ts";
import type { Config } from "../config/settings.ts";
import type { Logger } from "../model/logger.ts";
import type { Problem } from "../model/problem.ts";
import type { PublishedFigures } from "../observe/published-families.ts";
import { DnsServer } from "../publish/dns/dns-server.ts";
import { hostResolvers } from "../publish/dns/host-resolvers.ts";
import { closeStatusPort } from "./status-port.ts";
import { InstanceFiles } from "../publish/instance-files.ts";
import type { Table } from "../routing/table.ts";
import { hostNames } from "../workers/this-host.ts";

export interface PublishersOptions {
  readonly config: Config;
  readonly version: string;
  readonly table: () => Table;
  readonly logger: Logger;
  readonly random: () => number;
}

/** Everything that tells others where services are: files, DNS, the service API on ports of its own. */
export class Publishers implements AsyncDisposable {
  readonly #files: InstanceFiles | undefined;
  readonly #dns: DnsServer[] = [];
  readonly #stack = new AsyncDisposableStack();

  private constructor(options: PublishersOptions) {
    this.#files = openFiles(options);
    if (this.#files !== undefined) this.#stack.use(this.#files);
  }

  /** Opens what is configured; rejects when a port is taken, since nobody would find the answers elsewhere. */
  static async open(options: PublishersOptions): Promise<Publishers> {
    const publishers = new Publishers(options);
    try {
      await publishers.#open(options);
    } catch (error) {
      await publishers[Symbol.asyncDispose]();
      throw error;
    }
    return publishers;
  }

  /** Those who ask are told this table from now on. */
  answer(table: Table): void {
    for (const dns of this.#dns) dns.publish(table);
  }

  /** The files are to be as this table says. */
  write(table: Table): void {
    this.#files?.publish(table);
  }

  problems(): Problem[] {
    const ofDns = this.#dns.flatMap((dns) => dns.problems());
    return [...(this.#files?.problems() ?? []), ...ofDns];
  }

  figures(): PublishedFigures {
    return { files: this.#files?.figures(), dns: this.#dns.map((dns) => dns.figures()) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #open(options: PublishersOptions): Promise<void> {
    const { config } = options;
    for (const host of config.bind) {
      if (config.enableDns) this.#dns.push(this.#stack.use(await openDns(host, options)));
      if (config.apiPort !== undefined) {
        const api = await openApi({ host, port: config.apiPort }, options);
        this.#stack.defer(() => closeStatusPort(api));
      }
    }
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
    reusePort: config.takeover !== undefined,
    origin: config.dnsBasename,
    ttlSeconds: Math.round(config.dnsTtlMs / 1000),
    pushSrv: config.dnsPushSrv,
    forward: config.dnsForward ? hostResolvers() : [],
    logger,
  });
}

async function openApi(
  address: { readonly host: string; readonly port: number },
  { config, version, table, logger }: PublishersOptions,
): Promise<StatusServer> {
  const pages = apiPortPages({ version, table });
  const failed = (path: string, error: unknown): void =>
    logger.error("service API failed", { path, error });
  return await StatusServer.open({
    address,
    reusePort: config.takeover !== undefined,
    pages,
    failed,
    ownNames: hostNames(config.hostNames),
  });
}
