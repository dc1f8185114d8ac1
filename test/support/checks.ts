import { Checks, type ChecksOptions } from "../../src/health/checks.ts";
import { unchecked, type Checked } from "../../src/health/checked.ts";
import type { Watched } from "../../src/health/prober.ts";
import type { ProbeTarget } from "../../src/health/probes/probe.ts";
import { defaultCheckPolicy } from "../../src/model/check.ts";

/** A prober that finds what the test says, by `host:port`. */
export class HandProber {
  readonly targets: Map<string, ProbeTarget> = new Map();
  readonly suspected: string[] = [];
  readonly #found = new Map<string, Checked>();

  want(targets: ReadonlyMap<string, ProbeTarget>, left: ReadonlySet<string>): void {
    for (const key of left) this.targets.delete(key);
    for (const [key, target] of targets) this.targets.set(key, target);
  }

  watched(key: string): Watched | undefined {
    if (!this.targets.has(key)) return undefined;
    const found = this.#found;
    return {
      key,
      get checked(): Checked {
        return found.get(addressIn(key)) ?? unchecked;
      },
    };
  }

  nextIn(): number {
    return 1000;
  }

  suspect(key: string): void {
    this.suspected.push(key);
  }

  /** From now on this address is found so; without a word of its own where the reason is a timeout. */
  find(address: string, state: "up" | "down", because: string = `found ${state}`): void {
    this.#found.set(address, {
      ...unchecked,
      state,
      because,
      isSilent: /^L[467]TOUT/.test(because),
      last: { isGood: state === "up", reason: because, at: 0 },
    });
  }
}

/** The checks of services, on a prober that the test drives. */
export function handChecks(
  prober: HandProber = new HandProber(),
  over: Partial<ChecksOptions> = {},
): Checks {
  return new Checks({
    prober,
    defaults: defaultCheckPolicy,
    mayProbe: () => true,
    preface: (version) => Buffer.from(`preface ${version}`),
    credentialsOf: () => undefined,
    ...over,
  });
}

/** Checks that leave everything to the sources. */
export function noChecks(): Checks {
  return handChecks(new HandProber(), { defaults: { ...defaultCheckPolicy, health: "marathon" } });
}

function addressIn(key: string): string {
  return key.slice(0, key.indexOf(" "));
}
