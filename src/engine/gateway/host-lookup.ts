import { HostDirectory } from "../../routing/host-directory.ts";
import type { EngineChange } from "../route.ts";
import type { TcpService } from "../tcp/tcp-service.ts";

/** Which service is served under a host name, as the last change of routing has it. */
export class HostLookup {
  readonly #http = new HostDirectory();
  readonly #tls = new HostDirectory();
  readonly #serviceOf: (key: string) => TcpService | undefined;

  constructor(serviceOf: (key: string) => TcpService | undefined) {
    this.#serviceOf = serviceOf;
  }

  follow(change: EngineChange): void {
    if (change.kind === "remove") {
      this.#http.remove(change.key);
      this.#tls.remove(change.key);
      return;
    }
    const { key, hosts } = change.route;
    this.#http.set(key, { hosts: hosts?.http ?? [], isDefault: hosts?.httpDefault ?? false });
    this.#tls.set(key, { hosts: hosts?.tls ?? [], isDefault: hosts?.tlsDefault ?? false });
  }

  /** The service for requests to this host; no name asks for the default. */
  http(name: string | undefined): TcpService | undefined {
    return this.#of(this.#http.find(name));
  }

  /** The service that has claimed this name for TLS. */
  tls(name: string): TcpService | undefined {
    return this.#of(this.#tls.claimed(name));
  }

  /** True when requests for a name are claimed more closely than its TLS: for the name itself, or a longer suffix. */
  isCloserForHttp(name: string): boolean {
    const [http, tls] = [this.#http.claimOf(name), this.#tls.claimOf(name)];
    return (http?.length ?? 0) > (tls?.length ?? 0);
  }

  /** The service that takes TLS under names that nobody claims. */
  get tlsDefault(): TcpService | undefined {
    return this.#of(this.#tls.fallback);
  }

  #of(key: string | undefined): TcpService | undefined {
    return key === undefined ? undefined : this.#serviceOf(key);
  }
}
