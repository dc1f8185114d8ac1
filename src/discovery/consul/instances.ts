import { isHost, isPort, type Address } from "../../model/address.ts";
import { printable } from "../../model/problem.ts";
import type { Health, Replica } from "../../model/replica.ts";
import { isAppName, parsePort, parseProtocols, toWeight, type Claim } from "../claims.ts";
import { fieldsOf, listOf, numberOf, textOf, type Fields } from "../fields.ts";
import type { PortReading } from "../labels/reading.ts";
import { readOwnDialect } from "../own-dialect.ts";
import type { ProblemList } from "../problem-list.ts";

/** How the entries of one service are judged. */
export interface InstanceRules {
  /** Tags that an instance must all have. */
  readonly tags: readonly string[];
  /** What a check that warns says of its replica. */
  readonly warning: "up" | "down";
  readonly problems: ProblemList;
}

/** One instance that declares a service port. */
interface Instance {
  readonly id: string;
  readonly node: string;
  readonly address: Address;
  readonly port: number;
  readonly protocols: readonly Claim["protocol"][];
  readonly reading: PortReading;
  readonly share: number;
  readonly madeAt: number;
  readonly verdict: Pick<Replica, "health" | "reason" | "draining">;
}

/** The claims of one service's instances, from the entries of `/v1/health/service/<name>`. */
export function toClaims(
  app: string,
  entries: readonly unknown[],
  rules: InstanceRules,
): readonly Claim[] {
  const instances = entries.flatMap((entry) => {
    const instance = readInstance(fieldsOf(entry), rules);
    if (typeof instance !== "string") return instance === undefined ? [] : [instance];
    rules.problems.add({ kind: "invalid-item", subject: app, reason: instance });
    return [];
  });
  if (instances.length > 0 && !isAppName(app)) {
    const reason = "the service's name is not of visible characters: skipped";
    rules.problems.add({ kind: "invalid-item", subject: app, reason });
    return [];
  }
  const shares = instances.map(({ share }) => share);
  return instances.flatMap((instance) => claimsOf(app, instance, shares));
}

function claimsOf(app: string, instance: Instance, shares: readonly number[]): readonly Claim[] {
  const { id, node, address, port, protocols, reading, share, madeAt, verdict } = instance;
  const weight = reading.settings.weight ?? toWeight(share, shares);
  const replica = { task: `${node}/${id}`, host: node, address, weight, ...verdict };
  return protocols.map((protocol) => ({ app, port, protocol, reading, madeAt, replica }));
}

/** Undefined when it is not for us; a sentence when it would be and cannot be used. */
function readInstance(entry: Fields, rules: InstanceRules): Instance | string | undefined {
  const node = fieldsOf(entry["Node"]);
  const service = fieldsOf(entry["Service"]);
  const tags = listOf(service["Tags"]).filter((tag) => typeof tag === "string");
  // A sidecar proxy inherits tags and meta of the service it stands beside.
  if (textOf(service["Kind"]) !== undefined) return undefined;
  if (!rules.tags.every((tag) => tags.includes(tag))) return undefined;
  const labels = labelsOf(tags, fieldsOf(service["Meta"]));
  const declared = labels.get(portLabel);
  if (declared === undefined) return undefined;
  const id = textOf(service["ID"], 255) ?? "?";
  const shown = `instance ${printable(id, 60)}`;
  const port = parsePort(declared);
  if (port === undefined) return `${shown}: ${printable(declared, 40)} is no service port: skipped`;
  const protocols = parseProtocols(labels.get(protocolLabel) ?? "tcp");
  if (protocols === undefined)
    return `${shown}: its protocol is none of tcp, udp and both: skipped`;
  const address = addressOf(service, node);
  if (address === undefined) return `${shown}: has no address: skipped`;
  return {
    id,
    node: textOf(node["Node"], 255) ?? address.host,
    address,
    port,
    protocols,
    reading: optionsOf(labels, shown, rules),
    ...standingOf(service, listOf(entry["Checks"]), rules),
  };
}

const portLabel = "portolan.port";
const protocolLabel = "portolan.protocol";

/** Tags `portolan.<option>=<value>` and, stronger, meta `portolan-<option>`, whose keys take no dots [consul: meta]. */
function labelsOf(tags: readonly string[], meta: Fields): Map<string, string> {
  const labels = new Map<string, string>();
  for (const tag of tags) {
    const [, name, value] = /^(portolan\.[^=]+)=(.*)$/s.exec(tag) ?? [];
    if (name !== undefined && value !== undefined) labels.set(name, value);
  }
  for (const [key, value] of Object.entries(meta)) {
    if (key.startsWith("portolan-") && typeof value === "string")
      labels.set(`portolan.${key.slice("portolan-".length)}`, value);
  }
  return labels;
}

function optionsOf(
  labels: ReadonlyMap<string, string>,
  shown: string,
  { problems }: InstanceRules,
): PortReading {
  const options = [...labels].filter(([name]) => name !== portLabel && name !== protocolLabel);
  const { reading, faults } = readOwnDialect(new Map(options));
  for (const fault of faults)
    problems.add({ kind: "invalid-label", subject: "consul", reason: `${shown}: ${fault}` });
  return reading;
}

/** [consul: health] A service without an address of its own is reached at its node's. */
function addressOf(service: Fields, node: Fields): Address | undefined {
  const host = textOf(service["Address"], 255) ?? textOf(node["Address"], 255);
  const port = numberOf(service["Port"]);
  return isHost(host) && isPort(port) ? { host, port } : undefined;
}

function standingOf(
  service: Fields,
  checks: readonly unknown[],
  { warning }: InstanceRules,
): Pick<Instance, "share" | "madeAt" | "verdict"> {
  const { verdict, warns } = judge(checks.map(fieldsOf), warning);
  const weights = fieldsOf(service["Weights"]);
  const share = numberOf(weights[warns ? "Warning" : "Passing"]) ?? 1;
  return { share: Math.max(0, share), madeAt: numberOf(service["CreateIndex"]) ?? 0, verdict };
}

interface Judgement {
  readonly verdict: Instance["verdict"];
  readonly warns: boolean;
}

/** The gravest of its checks, maintenance before all. */
function judge(checks: readonly Fields[], warning: "up" | "down"): Judgement {
  const first = (status: string): string | undefined => {
    const check = checks.find((candidate) => candidate["Status"] === status);
    return check && `check ${printable(textOf(check["CheckID"]) ?? "?", 60)} is ${status}`;
  };
  if (checks.some(isMaintenance)) {
    const verdict = { health: "up", reason: "in maintenance", draining: true } as const;
    return { verdict, warns: false };
  }
  const critical = first("critical");
  if (critical !== undefined) return { verdict: said("down", critical), warns: false };
  const warns = first("warning");
  if (warns !== undefined) return { verdict: said(warning, warns), warns: true };
  const odd = checks.some(({ Status }) => Status !== "passing");
  if (odd) return { verdict: said("unknown", "a check has an unknown status"), warns: false };
  const reason = checks.length === 0 ? "no checks" : `all ${checks.length} checks pass`;
  return { verdict: said("up", reason), warns: false };
}

function said(health: Health, reason: string): Judgement["verdict"] {
  return { health, reason, draining: false };
}

/** [consul: maintenance] A critical check with a name of its own marks an instance or its whole node. */
function isMaintenance({ CheckID }: Fields): boolean {
  if (typeof CheckID !== "string") return false;
  return CheckID === "_node_maintenance" || CheckID.startsWith("_service_maintenance:");
}
