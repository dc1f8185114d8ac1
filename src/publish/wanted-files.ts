import type { Problem } from "../model/problem.ts";
import { offersOf, routesByApp, successors } from "../routing/app-ports.ts";
import type { Route, Table } from "../routing/table.ts";
import { nameFiles, type FileNaming, type NamedRoute } from "./file-name.ts";
import { instanceFile } from "./instance-file.ts";

export interface WantedFilesOptions {
  readonly naming: FileNaming;
  /** The protocol of a route's health check; undefined for none. */
  readonly checkOf: (route: Route) => string | undefined;
}

/** The file of a route as it was written out last. */
interface WrittenOut {
  readonly stem: string;
  readonly name: string;
  readonly content: string;
}

/** The files that a table wants. What has not changed since the last one is neither named nor written out again. */
export class WantedFiles {
  readonly #options: WantedFilesOptions;
  #offers: readonly Route[] = [];
  #named: readonly NamedRoute[] = [];
  #problems: readonly Problem[] = [];
  readonly #writtenOut = new WeakMap<Route, WrittenOut>();

  constructor(options: WantedFilesOptions) {
    this.#options = options;
  }

  /** Apps without a file, as the last table has them. */
  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** Contents by name. */
  of(table: Table): ReadonlyMap<string, string> {
    const before = this.#offers;
    this.#offers = offersOf(table);
    const changed = successors(before, this.#offers);
    if (changed === undefined) this.#nameAnew();
    else this.#named = this.#named.map((named) => follow(named, changed));
    const files = this.#named.map((named) => this.#writeOut(named));
    return new Map(files.map(({ name, content }) => [name, content]));
  }

  #nameAnew(): void {
    const { named, problems } = nameFiles(routesByApp(this.#offers), this.#options.naming);
    this.#named = named;
    this.#problems = problems;
  }

  #writeOut(named: NamedRoute): WrittenOut {
    const { route, stem } = named;
    const known = this.#writtenOut.get(route);
    if (known?.stem === stem) return known;
    const content = instanceFile(named, this.#options.checkOf(route));
    const file = { stem, name: `${stem}.instances`, content };
    this.#writtenOut.set(route, file);
    return file;
  }
}

function follow(named: NamedRoute, changed: ReadonlyMap<Route, Route>): NamedRoute {
  const route = changed.get(named.route);
  return route === undefined ? named : { ...named, route };
}
