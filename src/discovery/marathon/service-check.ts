import type { CheckWish } from "../../model/service.ts";
import { checkOf } from "../labels/parts.ts";
import type { PortReading } from "../labels/reading.ts";
import { dialAddress } from "./addresses.ts";
import type { AppDefinition } from "./definition.ts";
import type { DeclaredCheck } from "./health-checks.ts";
import type { PortDeclaration } from "./ports.ts";
import type { WireTask } from "./wire.ts";

/** How the replicas of one service port are probed. */
export interface ServiceCheck {
  readonly wish: CheckWish;
  /** The port of a task that is probed; undefined for the one that is dialled. */
  readonly portOf: (task: WireTask) => number | undefined;
  /** What is wrong with it, in a bounded sentence; undefined for nothing. */
  readonly fault: string | undefined;
}

/**
 * The probe of the port at `index`: what its labels say, and below that the app's own check of the port. A label that
 * names another port takes that one's check along.
 */
export function serviceCheck(
  definition: AppDefinition,
  ports: readonly PortDeclaration[],
  { index, reading }: { readonly index: number; readonly reading: PortReading },
): ServiceCheck {
  const { settings, labels } = reading;
  const isLost = settings.checkPortIndex !== undefined && !(settings.checkPortIndex in ports);
  const target = isLost ? index : (settings.checkPortIndex ?? index);
  const declared = ownCheck(definition, target);
  // A label that says what to ask means the service itself, not the port that the app's own check is for.
  const port = settings.kind === undefined ? declared?.port : undefined;
  return {
    wish: { ...declared?.wish, ...checkOf(reading) },
    portOf: portReader(port, target === index ? undefined : ports[target]),
    fault: isLost
      ? `label ${labels.checkPortIndex}: the app has no port ${settings.checkPortIndex}: ignored`
      : undefined,
  };
}

/** The app's first check of a port, and the port it asks where that is another one. */
function ownCheck(
  definition: AppDefinition,
  index: number,
): { readonly wish: CheckWish; readonly port: number | undefined } | undefined {
  for (const check of definition.checks) {
    const subject = subjectOf(check, definition);
    if (subject?.index !== index) continue;
    const from = `Marathon's health check ${check.position}`;
    const stated = Object.entries(check.policy).map(([name, value]) => [name, { value, from }]);
    return { wish: Object.fromEntries(stated), port: subject.port };
  }
  return undefined;
}

/** [marathon: MESOS_*] Inside a container, a port is one of its mappings', or none that can be reached. */
function subjectOf(
  { port, portIndex, isInside }: DeclaredCheck,
  { network, portMappings }: AppDefinition,
): { readonly index: number; readonly port: number | undefined } | undefined {
  if (!isInside || port === undefined) return { index: portIndex, port };
  const mapped = portMappings.findIndex(({ containerPort }) => containerPort === port);
  if (mapped !== -1) return { index: mapped, port: undefined };
  return network === "bridge" ? undefined : { index: portIndex, port };
}

function portReader(
  port: number | undefined,
  other: PortDeclaration | undefined,
): ServiceCheck["portOf"] {
  if (port !== undefined) return () => port;
  return (task) => (other === undefined ? undefined : dialAddress(task, other.reach)?.port);
}
