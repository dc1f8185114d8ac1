import type { Address } from "../../model/address.ts";
import type { Certificate } from "../../model/gateway.ts";
import type { Outcome } from "../../model/outcome.ts";
import { Binding } from "../binding.ts";
import type { EngineChange } from "../route.ts";
import type { ServiceOptions } from "../service.ts";
import type { Served } from "../tcp/connection-host.ts";
import { TcpListener } from "../tcp/listener.ts";
import type { TcpService } from "../tcp/tcp-service.ts";
import { CertificateStore } from "./certificate-store.ts";
import type { Entrance } from "./entrance.ts";
import type { GatewayPortSettings, GatewaySettings } from "./gateway-settings.ts";
import { GatewayTally } from "./gateway-tally.ts";
import { HostLookup } from "./host-lookup.ts";
import { HttpEntrance } from "./http-entrance.ts";
import { TlsEntrance } from "./tls-entrance.ts";

export interface GatewayOptions {
  readonly gateway: GatewaySettings;
  readonly engine: ServiceOptions;
  /** The service that now has this key; undefined when there is none. */
  readonly serviceOf: (key: string) => TcpService | undefined;
}

/** The ports that services share by host name, in one engine. Nothing listens before the first change of routing. */
export class Gateway implements AsyncDisposable {
  readonly #options: GatewayOptions;
  readonly #hosts: HostLookup;
  readonly #certificates = new CertificateStore();
  readonly #entrances: readonly Entrance[];
  #bindings: readonly Binding[] | undefined;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#hosts = new HostLookup(options.serviceOf);
    this.#entrances = options.gateway.ports.map((port, index) => this.#makeEntrance(port, index));
  }

  /** From now on names lead where these changes say. */
  follow(changes: readonly EngineChange[]): void {
    for (const change of changes) this.#hosts.follow(change);
  }

  /** From now on TLS may end here with these. */
  certify(certificates: readonly Certificate[]): void {
    this.#certificates.replace(certificates);
  }

  /** Listens, unless it does; settles when every address has been tried once. */
  async open(): Promise<void> {
    this.#bindings ??= this.#options.gateway.ports.flatMap((port, index) =>
      this.#options.gateway.bindHosts.map((host) => this.#bind(port, index, host)),
    );
    await Promise.all(this.#bindings.map((binding) => binding.tried));
  }

  get connectionCount(): number {
    return this.#entrances.reduce((sum, { count }) => sum + count, 0);
  }

  renew(addresses: ReadonlySet<string>): void {
    for (const binding of this.#bindings ?? []) binding.renewIfAmong(addresses);
  }

  /** Connections that are on no service's own port. */
  get running(): Served[] {
    return this.#entrances.flatMap(({ running }) => [...running]);
  }

  check(now: number): void {
    for (const entrance of this.#entrances) entrance.check(now);
  }

  abort(outcome: Outcome): void {
    for (const entrance of this.#entrances) entrance.abort(outcome);
  }

  /** Stops listening; connections end with their running requests. */
  async [Symbol.asyncDispose](): Promise<void> {
    const bindings = this.#bindings ?? [];
    this.#bindings = [];
    for (const entrance of this.#entrances) entrance.retire();
    await Promise.all(bindings.map((binding) => binding[Symbol.asyncDispose]()));
  }

  #makeEntrance(port: GatewayPortSettings, index: number): Entrance {
    const { gateway, engine } = this.#options;
    const tally = new GatewayTally(engine.gatewayCells, index);
    const [hosts, certificates] = [this.#hosts, this.#certificates];
    const options = { port, gateway, hosts, certificates, tally, engine };
    return port.kind === "http" ? new HttpEntrance(options) : new TlsEntrance(options);
  }

  #bind({ key, port }: GatewayPortSettings, index: number, host: string): Binding {
    const { random, report, reusePort } = this.#options.engine;
    const open = (address: Address) =>
      TcpListener.open({
        address,
        reusePort,
        accepted: (client) => this.#entrances[index]?.accept(client),
      });
    return new Binding({ key, address: { host, port }, random, report, open });
  }
}
