import type { Socket } from "node:net";
import { makePicker } from "../../routing/balancing/make-picker.ts";
import type { Picker } from "../../routing/balancing/picker.ts";
import type { Outcome } from "../../model/outcome.ts";
import type { EngineReplica, EngineReport, EngineRoute } from "../route.ts";
import type { Tally } from "../tally.ts";
import { Binding } from "./binding.ts";
import { Connection, type DialLimits } from "./connection.ts";
import type { RelayLimits } from "./relay.ts";

export interface TcpServiceOptions {
  /** IP literals to listen on. */
  readonly bindHosts: readonly string[];
  readonly reusePort: boolean;
  readonly limits: RelayLimits & DialLimits;
  /** Connections this engine takes for one service; more are reset and counted. */
  readonly maxConnections: number;
  readonly tally: Tally;
  readonly random: () => number;
  readonly report: (report: EngineReport) => void;
}

/** One service port in one engine: its listeners, its picker, its connections. */
export class TcpService implements AsyncDisposable {
  readonly #options: TcpServiceOptions;
  readonly #bindings: readonly Binding[];
  readonly #connections = new Set<Connection>();
  #route: EngineRoute;
  #picker: Picker<EngineReplica>;

  constructor(route: EngineRoute, options: TcpServiceOptions) {
    this.#options = options;
    this.#route = route;
    this.#picker = this.#makePicker(route);
    const { bindHosts, reusePort, random, report } = options;
    const accepted = (client: Socket): void => this.#accept(client);
    this.#bindings = bindHosts.map((host) => {
      const address = { host, port: route.port };
      return new Binding({ key: route.key, address, reusePort, random, accepted, report });
    });
  }

  /** Settles when every address has been tried once. */
  async tried(): Promise<void> {
    await Promise.all(this.#bindings.map((binding) => binding.tried));
  }

  get connections(): ReadonlySet<Connection> {
    return this.#connections;
  }

  /** From now on new connections follow this route; running ones are not touched. */
  retarget(route: EngineRoute): void {
    const samePolicy = route.balance === this.#route.balance;
    this.#picker = samePolicy ? this.#picker.over(route.replicas) : this.#makePicker(route);
    this.#route = route;
  }

  /** Counts what moved and ends what stands still; `now` in ms of a clock that never goes back. */
  check(now: number): void {
    for (const connection of this.#connections) connection.check(now);
  }

  /** Resets every running connection. */
  abort(outcome: Outcome): void {
    for (const connection of this.#connections) connection.abort(outcome);
  }

  /** Stops listening; running connections go on. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#bindings.map((binding) => binding[Symbol.asyncDispose]()));
  }

  #makePicker(route: EngineRoute): Picker<EngineReplica> {
    const { tally, random } = this.#options;
    const loadOf = ({ row }: EngineReplica): number => tally.loadOf(row);
    return makePicker(route.balance, route.replicas, { loadOf, random });
  }

  #accept(client: Socket): void {
    const { tally, limits, maxConnections } = this.#options;
    if (this.#connections.size >= maxConnections) {
      this.#refuse(client);
      return;
    }
    const connection = new Connection({
      client,
      route: this.#route,
      pick: (excluded) => this.#picker.pick(excluded),
      tally,
      limits,
      ended: (ending) => {
        this.#connections.delete(ending);
      },
    });
    this.#connections.add(connection);
  }

  #refuse(client: Socket): void {
    // Its own reset is no news: the connection ends here either way.
    client.on("error", () => undefined);
    client.resetAndDestroy();
    this.#options.tally.accepted(this.#route.row);
    this.#options.tally.closed(this.#route.row, "connection-limit", 0);
  }
}
