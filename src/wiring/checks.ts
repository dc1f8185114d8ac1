import { checkPolicyOf } from "../config/policy-of.ts";
import type { Config } from "../config/settings.ts";
import { formatUnknown, formatLocal } from "../engine/proxy-protocol/format.ts";
import { Checks } from "../health/checks.ts";
import { probeOf } from "../health/probes/make-probe.ts";
import { Prober } from "../health/prober.ts";
import { SecretsFile } from "../health/secrets-file.ts";
import type { Problem } from "../model/problem.ts";
import { isForbidden } from "../routing/own-addresses.ts";
import { descriptorLimit, probesAtOnce } from "../workers/this-host.ts";

/** The parts that find out which replicas work. */
export interface HealthParts {
  readonly prober: Prober;
  readonly checks: Checks;
  readonly problems: () => Problem[];
}

/** Makes the prober and what tells it where to look; `changed` is told when a verdict of the probes changes. */
export function makeChecks(
  config: Config,
  { random, changed }: { readonly random: () => number; readonly changed: (key: string) => void },
): HealthParts {
  const prober = new Prober({
    probe: (target, signal) => probeOf(target.check.kind)(target, signal),
    random,
    mostAtOnce: probesAtOnce(descriptorLimit()),
    changed,
  });
  const secrets =
    config.checkSecrets === undefined ? undefined : new SecretsFile(config.checkSecrets);
  const checks = new Checks({
    prober,
    defaults: checkPolicyOf(config),
    mayProbe: ({ host }) => !isForbidden(host),
    preface: (version) => (version === 1 ? formatUnknown() : formatLocal()),
    credentialsOf: (app) => secrets?.of(app),
  });
  return { prober, checks, problems: () => secrets?.problems ?? [] };
}
