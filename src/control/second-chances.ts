import type { Checked } from "../health/checked.ts";

export interface SecondChancesOptions {
  /** Replicas that connections avoid, with how long they have done so, in ms. */
  readonly ejected: () => Iterable<{
    readonly key: string;
    readonly replica: string;
    readonly forMs: number;
  }>;
  /** What probes say of the replica `host:port` of the route `tcp/1234`; undefined when they do not look there. */
  readonly checked: (key: string, replica: string) => Checked | undefined;
  /** In ms of the clock that dates the answers of probes. */
  readonly steadyClock: () => number;
  readonly forgive: (key: string, replica: string) => void;
}

/** Lets replicas that connections have ejected be tried again once two probes since then have found them well. */
export function giveSecondChances(options: SecondChancesOptions): void {
  const now = options.steadyClock();
  for (const { key, replica, forMs } of options.ejected()) {
    const checked = options.checked(key, replica);
    const isWell = checked?.state === "up" && checked.wellSince !== undefined;
    if (isWell && checked.wellSince >= now - forMs) options.forgive(key, replica);
  }
}
