import type { AppDefinition } from "./definition.ts";
import { isOutdated } from "./to-services.ts";
import type { WireApp } from "./wire.ts";

/** One version of one app, in ms since the epoch. */
export interface AppVersion {
  readonly app: string;
  readonly version: number;
}

/** The versions for which a definition holds; scaling makes versions without changing it. */
interface Span {
  readonly from: number;
  readonly to: number;
  /** Undefined when Marathon does not know it any more. */
  readonly definition: AppDefinition | undefined;
}

const mostApps = 1024;
const mostSpans = 8;

/**
 * What apps were like before their last change of configuration, as tasks of these versions still are. The last 8
 * definitions of the 1024 apps that were asked for last are kept.
 */
export class PastDefinitions {
  /** The least recently used app first. */
  readonly #spans = new Map<string, readonly Span[]>();
  #current: ReadonlyMap<string, WireApp> = new Map();

  /** Takes note of a new list of apps: what one was until now need not be read again. */
  learn(apps: readonly WireApp[]): void {
    for (const app of apps) {
      const before = this.#current.get(app.id);
      if (before === undefined || before.configuredAt >= app.configuredAt) continue;
      const { tasks: _, ...definition } = before;
      this.#add(app.id, { from: before.configuredAt, to: before.version, definition });
    }
    this.#current = new Map(apps.map((app) => [app.id, app]));
  }

  /** Takes note of what was read of one version; undefined when Marathon does not know it any more. */
  add({ app, version }: AppVersion, definition: AppDefinition | undefined): void {
    const from = Math.min(version, definition?.configuredAt ?? version);
    const to = Math.max(version, definition?.version ?? version);
    this.#add(app, { from, to, definition });
  }

  /** The definition of one version; undefined when it was not read or does not exist any more. */
  find(app: string, version: number): AppDefinition | undefined {
    const spans = this.#spans.get(app);
    if (spans === undefined) return undefined;
    this.#spans.delete(app);
    this.#spans.set(app, spans);
    return spanOf(spans, version)?.definition;
  }

  /** The versions that tasks of these apps run and that have not been read, each once. */
  missing(apps: readonly WireApp[]): readonly AppVersion[] {
    return apps.flatMap((app) => {
      const spans = this.#spans.get(app.id) ?? [];
      const versions = (app.tasks ?? [])
        .filter((task) => isOutdated(app, task))
        .map(({ version }) => version)
        .filter((version) => spanOf(spans, version) === undefined);
      return [...new Set(versions)].map((version) => ({ app: app.id, version }));
    });
  }

  #add(app: string, span: Span): void {
    const others = this.#spans.get(app) ?? [];
    this.#spans.delete(app);
    this.#spans.set(app, [span, ...others].slice(0, mostSpans));
    const [oldest] = this.#spans.keys();
    if (this.#spans.size > mostApps && oldest !== undefined) this.#spans.delete(oldest);
  }
}

function spanOf(spans: readonly Span[], version: number): Span | undefined {
  return spans.find(({ from, to }) => version >= from && version <= to);
}
