import type { Problem } from "../../model/problem.ts";
import type { WireApps, WireApp } from "./wire.ts";

/** An app that is told in an older version for this long has really gone back, as after the restore of a backup. */
const believedAfterMs = 60_000;

/**
 * Keeps an app from going back behind a version that was seen: members that lag behind tell what was, and answers of
 * several members alternate. All times are ms on one monotonic clock of the caller.
 */
export class NewestVersions {
  /** Since when an app is told in an older version. */
  readonly #olderSince = new Map<string, number>();

  /** What was told, with each app that is older than it was known as it was known, and reported. */
  settle(known: readonly WireApp[], told: WireApps, now: number): WireApps {
    const before = new Map(known.map((app) => [app.id, app]));
    for (const id of this.#olderSince.keys()) if (!before.has(id)) this.#olderSince.delete(id);
    const problems: Problem[] = [];
    const apps = told.apps.map((app) => {
      const newer = before.get(app.id);
      if (newer === undefined || !this.#isDoubted(app, newer, now)) return app;
      problems.push({ kind: "held-back", subject: app.id, reason: goesBack });
      return newer;
    });
    return { apps, problems: [...told.problems, ...problems] };
  }

  #isDoubted(app: WireApp, known: WireApp, now: number): boolean {
    // An app that is made up from its tasks has none.
    if (app.version === 0 || app.version >= known.version) {
      this.#olderSince.delete(app.id);
      return false;
    }
    const since = this.#olderSince.get(app.id) ?? now;
    this.#olderSince.set(app.id, since);
    return now - since < believedAfterMs;
  }
}

const goesBack = "told in an older version than before: what is known stays for a minute";
