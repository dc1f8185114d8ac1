import type { Problem } from "../../model/problem.ts";
import type { SourceState } from "../source.ts";
import type { Api, Failure } from "./api.ts";
import { withReplacedDraining } from "./deployment-groups.ts";
import type { MarathonEvent } from "./events.ts";
import type { Member } from "./members.ts";
import { NewestVersions } from "./newest-versions.ts";
import { Overlay } from "./overlay.ts";
import type { AppVersion } from "./past-definitions.ts";
import { PastReader } from "./past-reader.ts";
import { SameApps } from "./same-apps.ts";
import type { Scope } from "./sync-agenda.ts";
import { appServices, type AppServices, type AppServicesOptions } from "./to-services.ts";
import type { WireApp, WireApps } from "./wire.ts";

export interface ClusterOptions extends Omit<AppServicesOptions, "definitionOf"> {
  readonly api: Api;
  /** A member gave no usable list; another one may. */
  readonly onRefusal: (failure: Failure) => void;
  /** An older version of an app could not be read. */
  readonly onUnread: (wanted: AppVersion, error: unknown) => void;
  /** What is known has become more without a look. */
  readonly onNews: () => void;
}

export interface Look {
  readonly scope: Scope;
  /** On the caller's monotonic clock (ms). */
  readonly begunAt: number;
  readonly signal: AbortSignal;
}

/** How a look went: who told everything, that only some apps were read, or why nobody could tell. */
export type Seen =
  | { readonly kind: "listed"; readonly member: Member }
  | { readonly kind: "apart" }
  | { readonly kind: "failed"; readonly failures: readonly Failure[] };

/** A list waits no longer than this for the definitions of older versions. */
const pastMs = 500;

/** What a new leader's lists lack is not believed before this has passed, in ms. */
const settleMs = 60_000;

/** What is known of one Marathon: its apps as last read, what events have said since, and what apps were like before. */
export class Cluster {
  readonly #options: ClusterOptions;
  readonly #overlay = new Overlay();
  readonly #past: PastReader;
  readonly #newest = new NewestVersions();
  readonly #same = new SameApps();
  #servicesOf = new WeakMap<WireApp, AppServices>();
  #problems: readonly Problem[] = [];
  #listings = 0;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#past = new PastReader({
      read: (wanted, signal) => options.api.version(wanted, signal),
      onFailure: options.onUnread,
      onNews: () => {
        // An app's tasks are read anew by what its older versions are now known to be like.
        this.#servicesOf = new WeakMap();
        options.onNews();
      },
    });
  }

  /** Takes note of an event; true when the state has changed. */
  note(event: MarathonEvent, now: number): boolean {
    return this.#overlay.note(event, now);
  }

  /** Reads what the scope asks for; everything when some of it is new or cannot be read apart. */
  async look({ scope, begunAt, signal }: Look): Promise<Seen> {
    const { api } = this.#options;
    const apart = scope === "all" ? undefined : await this.#readApart(scope, signal);
    if (apart !== undefined) {
      this.#overlay.settleSome(apart.apps, begunAt, performance.now());
      const ids = new Set(apart.apps.map(({ id }) => id));
      const others = this.#problems.filter(({ subject }) => !ids.has(subject));
      this.#problems = [...others, ...apart.problems];
      return { kind: "apart" };
    }
    const listing = await api.list(this.#options.onRefusal, signal);
    if (listing.kind === "failed") return listing;
    const { apps, problems } = this.#newest.settle(
      this.#overlay.listed,
      listing,
      performance.now(),
    );
    this.#overlay.settle(apps, begunAt, performance.now());
    this.#problems = problems;
    this.#listings += 1;
    return { kind: "listed", member: listing.member };
  }

  /** Reads what older versions of the apps were like, as far as tasks need it; waits half a second for that. */
  async readPast(signal: AbortSignal): Promise<void> {
    await this.#past.follow(this.#overlay.listed, pastMs, signal);
  }

  /** Everything that is known; undefined before the first list. */
  state(now: number): SourceState | undefined {
    if (this.#listings === 0) return undefined;
    const apps = this.#same.share(withReplacedDraining(this.#overlay.view()));
    const each = apps.map((app) => this.#services(app));
    return {
      services: each.flatMap(({ services }) => services),
      problems: [...this.#problems, ...each.flatMap(({ problems }) => problems)],
      confirmedGone: this.#overlay.gone(now),
      look: this.#listings,
      settlesAt: this.#options.api.ledSince + settleMs,
    };
  }

  /** Resolves when nothing is being read any more, once the signal of the looks has aborted. */
  async ended(): Promise<void> {
    await this.#past.ended();
  }

  /** These apps alone; undefined when one of them is new or cannot be read, so that only the list can tell. */
  async #readApart(ids: ReadonlySet<string>, signal: AbortSignal): Promise<WireApps | undefined> {
    const known = new Set(this.#overlay.listed.map(({ id }) => id));
    if (!ids.isSubsetOf(known)) return undefined;
    const { api } = this.#options;
    const reads = await Promise.allSettled([...ids].map((id) => api.app(id, signal)));
    signal.throwIfAborted();
    const good = reads.flatMap((read) => (read.status === "fulfilled" ? [read.value] : []));
    if (good.length < reads.length) return undefined;
    const told = {
      apps: good.flatMap(({ apps }) => apps),
      problems: good.flatMap(({ problems }) => problems),
    };
    return this.#newest.settle(this.#overlay.listed, told, performance.now());
  }

  /** An event changes few apps of many: the others keep the services made from their listing. */
  #services(app: WireApp): AppServices {
    const known = this.#servicesOf.get(app);
    if (known !== undefined) return known;
    const made = appServices(app, {
      ...this.#options,
      definitionOf: (id, version) => this.#past.find(id, version),
    });
    this.#servicesOf.set(app, made);
    return made;
  }
}
