import type { MarathonTraffic } from "../actors/verbs.ts";

/** What was counted while something happened. */
export interface Observed extends MarathonTraffic {
  /** Bursts of events, each a while after the one before. */
  readonly steps: number;
  readonly hours: number;
}

/** Bytes of one answer. */
export interface Sizes {
  /** Every app with its tasks. */
  readonly apps: number;
  /** One app with its tasks. */
  readonly app: number;
  /** Every task. */
  readonly tasks: number;
  /** One version of an app. */
  readonly version: number;
}

/** What one proxy asks of Marathon. */
export interface Load {
  readonly requests: number;
  readonly bytes: number;
}

const secondsPerHour = 3600;

/** As it was counted. */
export function portolanLoad({ requests }: Observed, sizes: Sizes): Load {
  const { apps = 0, app = 0, versions = 0, ...others } = requests;
  const rest = Object.values(others).reduce((sum, count) => sum + count, 0);
  return {
    requests: apps + app + versions + rest,
    bytes: apps * sizes.apps + app * sizes.app + versions * sizes.version,
  };
}

/**
 * `/v2/tasks` for each burst of events and every 45 to 60 s, with the default interval (marathon.py:80-93, util.py:155).
 * A burst that goes on while it reads costs one more, and an app's new version one request each: both left out.
 */
export function proxymaticLoad({ steps, hours }: Observed, { tasks }: Sizes): Load {
  const meanIntervalSeconds = 60 * 0.875;
  const reads = Math.round(steps + (hours * secondsPerHour) / meanIntervalSeconds);
  return { requests: reads, bytes: reads * tasks };
}

/** One app for each event of three types; nothing is ever read again (main.go:102-275). */
export function mmsdLoad({ events }: Observed, { app }: Sizes): Load {
  const types = ["status_update_event", "health_status_changed_event", "app_terminated_event"];
  const reads = types.reduce((sum, type) => sum + (events[type] ?? 0), 0);
  return { requests: reads, bytes: reads * app };
}
