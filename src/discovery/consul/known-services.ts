import { AnswerError } from "../answer-error.ts";
import { gatherServices, type Claim } from "../claims.ts";
import { fieldsOf, textOf } from "../fields.ts";
import { GoneTasks } from "../gone-tasks.ts";
import { ProblemList } from "../problem-list.ts";
import type { SourceState } from "../source.ts";
import type { CheckPrints } from "./check-prints.ts";
import type { Indexed } from "./consul-api.ts";
import { toClaims, type InstanceRules } from "./instances.ts";

export interface KnownServicesOptions extends Omit<InstanceRules, "problems"> {
  readonly source: string;
  readonly groups: readonly string[] | undefined;
}

/** One service as it was last read. */
interface Known extends Pick<Indexed, "index" | "isFiltered"> {
  readonly claims: readonly Claim[];
  readonly problems: ProblemList;
  readonly nodes: ReadonlySet<string>;
  /** What its checks said then, and its tags in the catalog. */
  readonly print: string;
  readonly tags: string;
  /** Instances of it declare a service port, or did. */
  readonly isUsed: boolean;
}

/** A service's answer, with what the catalog and the checks said of it shortly before. */
export interface ServiceAnswer extends Indexed {
  readonly tags: string;
  readonly prints: CheckPrints;
}

/**
 * What was last read of each service. A loss is announced when the index of the answer that shows it has moved on: it
 * is then a newer state of the same store. An index that went back, or an answer that access rules cut down, shows
 * only what could be seen.
 */
export class KnownServices {
  readonly #options: KnownServicesOptions;
  readonly #services = new Map<string, Known>();
  readonly #gone = new GoneTasks();
  #catalog: Pick<Indexed, "index" | "isFiltered"> = { index: 0, isFiltered: false };

  constructor(options: KnownServicesOptions) {
    this.#options = options;
  }

  /** True when the service declares a service port, or did. */
  isUsed(name: string): boolean {
    return this.#services.get(name)?.isUsed === true;
  }

  /** True when neither its tags nor its checks tell of a change since it was read. */
  seemsSame(name: string, tags: string, prints: CheckPrints): boolean {
    const before = this.#services.get(name);
    return before?.tags === tags && before.print === prints.of(name, before.nodes);
  }

  take(name: string, { document, index, isFiltered, tags, prints }: ServiceAnswer): void {
    if (!Array.isArray(document)) throw new AnswerError("wrong-shape", "no list of instances");
    const entries: readonly unknown[] = document;
    const { warning, tags: wanted, source } = this.#options;
    const problems = new ProblemList(source);
    const claims = toClaims(name, entries, { tags: wanted, warning, problems });
    const nodes = new Set(
      entries.map((entry) => textOf(fieldsOf(fieldsOf(entry)["Node"])["Node"]) ?? ""),
    );
    const before = this.#services.get(name);
    const isUsed = before?.isUsed === true || claims.length > 0 || problems.list().length > 0;
    const print = prints.of(name, nodes);
    const known = { claims, problems, nodes, print, tags, isUsed, index, isFiltered };
    this.#services.set(name, known);
    if (before !== undefined && isNewer(known, before))
      this.#gone.add(tasksOf([before]).difference(tasksOf([known])));
  }

  /** Forgets the services that the catalog no longer has. */
  keep(names: ReadonlySet<string>, catalog: Pick<Indexed, "index" | "isFiltered">): void {
    const left = [...this.#services].filter(([name]) => !names.has(name));
    if (isNewer(catalog, this.#catalog)) this.#gone.add(tasksOf(left.map(([, known]) => known)));
    for (const [name] of left) this.#services.delete(name);
    this.#catalog = catalog;
  }

  state(): SourceState {
    const { source, groups } = this.#options;
    const problems = new ProblemList(source);
    const all = [...this.#services.values()];
    for (const known of all) for (const problem of known.problems.list()) problems.add(problem);
    const claims = all.flatMap((known) => known.claims).toSorted((a, b) => a.madeAt - b.madeAt);
    return {
      services: gatherServices(claims, source, groups),
      problems: problems.list(),
      confirmedGone: this.#gone.without(tasksOf(all)),
    };
  }
}

function isNewer(
  { index, isFiltered }: Pick<Indexed, "index" | "isFiltered">,
  before: Pick<Indexed, "index" | "isFiltered">,
): boolean {
  return index > before.index && (!isFiltered || before.isFiltered);
}

function tasksOf(services: readonly Known[]): ReadonlySet<string> {
  const claims = services.flatMap((known) => known.claims);
  return new Set(claims.map(({ replica }) => replica?.task).filter((task) => task !== undefined));
}
