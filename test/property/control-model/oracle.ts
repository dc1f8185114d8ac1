import assert from "node:assert/strict";
import type { SourceState } from "../../../src/discovery/source.ts";
import { formatAddress } from "../../../src/model/address.ts";
import type { Replica } from "../../../src/model/replica.ts";
import { serviceKey, type Service } from "../../../src/model/service.ts";
import type { Route, Table } from "../../../src/routing/table.ts";
import { reservedPort } from "./rig.ts";

/** What a source said last, and what of its past may still be in the table. */
interface Heard {
  readonly services: readonly Service[];
  /** Tasks that were served, with the service each belongs to. */
  readonly served: ReadonlyMap<string, Served>;
  readonly isHeld: boolean;
  /** Lists since something is held back, the first one included. */
  readonly lists: number;
}

/** A moment at which a source has said something. */
interface Seen {
  readonly before: Table;
  readonly after: Table;
  readonly now: number;
  /** False for what events make of the list before. */
  readonly isList: boolean;
}

const nothingHeard: Heard = { services: [], served: new Map(), isHeld: false, lists: 0 };

interface Served {
  readonly app: string;
  readonly key: string;
  readonly address: string;
  readonly isDraining: boolean;
}

/** Between these two times the source last knew for certain how a replica is. */
interface Memory {
  readonly health: "up" | "down";
  readonly from: number;
  readonly to: number;
}

const hourMs = 3_600_000;
const strength = ["marathon", "file"];

/**
 * What the table must be, said in the simplest way there is: the ports go to their owners, each replica is what is
 * known of it, and where a guard holds something back, only what was served before may be there beside that.
 */
export class Oracle {
  readonly found: Map<string, "up" | "down"> = new Map();
  readonly #heard = new Map<string, Heard>();
  #memory = new Map<string, Memory>();
  #judgedAt = 0;

  /** A source has said something and the table has followed; `before` is the table until then. */
  look(source: string, state: SourceState, seen: Seen): void {
    const old = this.#heard.get(source) ?? nothingHeard;
    const isHeld = holds(seen.after, source);
    const lost = lossOf(old, state);
    if (!old.isHeld) assert.equal(isHeld, isDoubtful(old, state, lost), `${source} is held back`);
    if (isHeld) assert.ok(lost.size > 0, "something is held back though nothing is missing");
    const lists = old.lists + Number(seen.isList);
    if (old.isHeld && !isHeld && isDoubtful(old, state, lost)) {
      assert.ok(lists >= 3, `a loss is believed after ${lists} lists`);
    }
    const served = new Map(isHeld ? lost : []);
    for (const [task, one] of servedBy(state.services)) served.set(task, one);
    this.#heard.set(source, {
      services: state.services,
      served,
      isHeld,
      lists: isHeld ? lists : 0,
    });
    this.#remember(seen.now);
    this.check(seen.after, seen.before.routes);
  }

  /** Everything was judged again at this time. */
  judged(now: number): void {
    this.#remember(now);
  }

  get isHeld(): boolean {
    return [...this.#heard.values()].some(({ isHeld }) => isHeld);
  }

  /** The table must be what was heard makes it; `incumbents` are the routes of the table before the last look. */
  check(table: Table, incumbents: readonly Route[]): void {
    // Until every source has spoken there is nothing to show.
    if (table.version === 0) return;
    const services = [...this.#heard.values()].flatMap((heard) => heard.services);
    const routes = new Map(table.routes.map((route) => [route.key, route]));
    assert.equal(routes.size, table.routes.length, "a port has two routes");
    assert.ok(!routes.has(`tcp/${reservedPort}`), "an app has a reserved port");
    const claims = Map.groupBy(
      services.filter(({ port }) => port !== reservedPort),
      serviceKey,
    );
    for (const [key, claimants] of claims) {
      const owner = ownerOf(
        claimants,
        incumbents.find((route) => route.key === key),
      );
      const route = routes.get(key);
      assert.ok(route, `${key} is not served`);
      if (this.isHeld && (route.app !== owner.app || route.source !== owner.source)) {
        // The app that is held back may keep the port that another one claims meanwhile.
        assert.ok(this.#mayLinger(route), `${key} is served for ${route.app}`);
      } else {
        assert.equal(`${route.source} ${route.app}`, `${owner.source} ${owner.app}`, key);
        this.#checkReplicas(route, owner, table);
      }
    }
    for (const route of table.routes) {
      if (!claims.has(route.key)) assert.ok(this.#mayLinger(route), `${route.key} is too much`);
    }
  }

  #checkReplicas(route: Route, owner: Service, table: Table): void {
    const routed = new Map(route.replicas.map((replica) => [replica.key, replica]));
    for (const replica of owner.replicas) {
      const address = formatAddress(replica.address);
      const one = routed.get(address);
      assert.ok(one, `${address} is missing`);
      routed.delete(address);
      assert.equal(one.task, replica.task);
      assert.equal(one.weight, replica.weight);
      const allowed = this.#statesOf(owner, replica, table);
      assert.ok(
        allowed.includes(one.state),
        `${one.task} is ${one.state}, not ${allowed.join("/")}`,
      );
    }
    const served = this.#heard.get(route.source)?.served;
    for (const { task } of routed.values()) {
      assert.ok(this.#heard.get(route.source)?.isHeld && served?.has(task), `${task} is too much`);
    }
  }

  /** True for a route that is only there because its loss is not believed yet. */
  #mayLinger({ source, key, app }: Route): boolean {
    const heard = this.#heard.get(source);
    if (heard === undefined || !heard.isHeld) return false;
    return [...heard.served.values()].some((one) => one.key === key && one.app === app);
  }

  #statesOf(service: Service, replica: Replica, table: Table): string[] {
    if (replica.draining) return ["draining"];
    const theirs = this.#theirWord(service, replica);
    const ours = this.found.get(formatAddress(replica.address));
    if (ours === undefined) return theirs;
    if (replica.health === "down") return ["down"];
    if (ours === "up") return ["up"];
    return holds(table, "probes") ? ["down", "up"] : ["down"];
  }

  #theirWord(service: Service, replica: Replica): string[] {
    if (replica.health !== "unknown") return [replica.health];
    const memory = this.#memory.get(memoryKey(service, replica.task));
    if (memory === undefined) return ["unknown"];
    // What is served without a new word, being held back or unreadable, keeps its old one fresh.
    if (this.#judgedAt - memory.to > hourMs) return ["unknown", memory.health];
    return this.#judgedAt - memory.from > hourMs ? [memory.health, "unknown"] : [memory.health];
  }

  #remember(now: number): void {
    this.#judgedAt = now;
    const next = new Map<string, Memory>();
    for (const { services, served } of this.#heard.values()) {
      for (const [task, { key, app }] of served) {
        const id = `${key} ${app} ${task}`;
        const known = this.#memory.get(id);
        if (known !== undefined) next.set(id, known);
      }
      for (const [id, health] of knownHealth(services)) {
        next.set(id, { health, from: now, to: now });
      }
    }
    this.#memory = next;
  }
}

function memoryKey(service: Service, task: string): string {
  return `${serviceKey(service)} ${service.app} ${task}`;
}

function knownHealth(services: readonly Service[]): [string, "up" | "down"][] {
  return services.flatMap((service) =>
    service.replicas.flatMap(({ task, health }): [string, "up" | "down"][] =>
      health === "unknown" ? [] : [[memoryKey(service, task), health]],
    ),
  );
}

function holds(table: Table, subject: string): boolean {
  return table.problems.some((one) => one.kind === "held-back" && one.subject === subject);
}

function servedBy(services: readonly Service[]): Map<string, Served> {
  const served = new Map<string, Served>();
  for (const service of services) {
    const { app, replicas } = service;
    const key = serviceKey(service);
    for (const { task, draining: isDraining, address } of replicas) {
      served.set(task, { app, key, address: formatAddress(address), isDraining });
    }
  }
  return served;
}

/**
 * What was served and is in no list any more, though nobody said that it would go and nobody else has its place. A task
 * whose address is another's by now has certainly ended.
 */
function lossOf({ served }: Heard, { services, confirmedGone }: SourceState): Map<string, Served> {
  const present = servedBy(services);
  const taken = new Set([...present.values()].map(({ address }) => address));
  const missing = [...served].filter(
    ([task, { app, address, isDraining }]) =>
      !isDraining &&
      !present.has(task) &&
      !taken.has(address) &&
      !confirmedGone.has(task) &&
      !confirmedGone.has(app),
  );
  return new Map(missing);
}

/** A loss is doubted when it is most of everything, or all of a service. */
function isDoubtful(old: Heard, next: SourceState, lost: ReadonlyMap<string, Served>): boolean {
  const routable = [...old.served.values()].filter(({ isDraining }) => !isDraining).length;
  if (lost.size >= 4 && lost.size * 2 > routable) return true;
  const present = servedBy(next.services);
  const filled = new Set([...present.values()].map(({ key, app }) => `${key} ${app}`));
  return [...lost.values()].some(
    ({ key, app }) =>
      !filled.has(`${key} ${app}`) &&
      ![...old.served].some(
        ([task, one]) => one.key === key && one.app === app && present.has(task),
      ),
  );
}

/** The stronger source, then who has the port, then who was configured first, then the first by name. */
function ownerOf(claimants: readonly Service[], incumbent: Route | undefined): Service {
  const has = (service: Service): boolean =>
    incumbent !== undefined && incumbent.app === service.app && incumbent.source === service.source;
  const [owner] = claimants.toSorted(
    (one, other) =>
      strength.indexOf(one.source) - strength.indexOf(other.source) ||
      Number(has(other)) - Number(has(one)) ||
      one.configuredAt - other.configuredAt ||
      (one.app < other.app ? -1 : 1),
  );
  assert.ok(owner);
  return owner;
}
