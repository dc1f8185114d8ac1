import { isDeepStrictEqual } from "node:util";

import type { WireApp } from "./wire.ts";

/**
 * Gives an app that is told anew, with nothing new about it, as the object it was before. Most answers of Marathon say
 * what is known; whoever works on the apps can then tell by identity what has changed.
 */
export class SameApps {
  #known: ReadonlyMap<string, WireApp> = new Map();
  /** What each app that was told was given as, so that it is compared once. */
  readonly #givenAs = new WeakMap<WireApp, WireApp>();

  /** The same apps in the same order, each as the object of the last call where it is equal to that. */
  share(apps: readonly WireApp[]): readonly WireApp[] {
    const shared = apps.map((app) => {
      const given = this.#givenAs.get(app) ?? this.#asKnown(app);
      this.#givenAs.set(app, given);
      return given;
    });
    this.#known = new Map(shared.map((app) => [app.id, app]));
    return shared;
  }

  #asKnown(app: WireApp): WireApp {
    const known = this.#known.get(app.id);
    return known !== undefined && isDeepStrictEqual(known, app) ? known : app;
  }
}
