interface ReplicaJson {
  readonly address: string;
  readonly state: string;
  readonly reason: string;
  readonly connections: number;
}

export interface ServiceJson {
  readonly app: string;
  readonly port: number;
  readonly protocol: string;
  readonly mode: string;
  readonly listening: readonly string[];
  /** Absent for none. */
  readonly hosts?: unknown;
  readonly replicas: readonly ReplicaJson[];
}

export interface TableJson {
  readonly version: number;
  readonly services: readonly ServiceJson[];
  readonly draining?: readonly { readonly key: string; readonly connections: number }[];
}

/** The status port of a running program. */
export class StatusPort {
  readonly #address: string;

  /** `address` is `host:port`. */
  constructor(address: string) {
    this.#address = address;
  }

  get port(): number {
    return Number(this.#address.split(":").at(-1));
  }

  /** A GET unless `init` says otherwise. */
  async get(path: string, init?: RequestInit): Promise<Response> {
    const url = `http://${this.#address}${path}`;
    if (init !== undefined) return await fetch(url, init);
    try {
      return await fetch(url);
    } catch {
      // A kept connection may end just when it is used again; whoever has died fails once more.
      return await fetch(url);
    }
  }

  async text(path: string): Promise<string> {
    return await (await this.get(path)).text();
  }

  async table(): Promise<TableJson> {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own answer, asserted by the tests that use it
    return (await (await this.get("/api/table")).json()) as TableJson;
  }
}
