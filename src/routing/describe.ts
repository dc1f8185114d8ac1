import { defaultPolicy, type ServicePolicy } from "../model/policy.ts";
import { printable } from "../model/problem.ts";
import type { RouteChange } from "./diff.ts";
import type { Route, RoutedReplica } from "./table.ts";

const mostChanges = 20;

const policyNames = Object.keys(defaultPolicy).filter((name) => isPolicyName(name));

/** One bounded line that says what a new table added, removed and changed: the reason for every decision, in the log. */
export function describeChanges(changes: readonly RouteChange[]): string {
  const shown = changes.slice(0, mostChanges).map((change) => describe(change));
  const rest = changes.length - shown.length;
  if (rest > 0) shown.push(`and ${rest} more`);
  return printable(shown.join("; "), 4000);
}

function describe(change: RouteChange): string {
  switch (change.kind) {
    case "added":
      return `added ${change.key} ${change.after.app} (${counts(change.after)})`;
    case "removed":
      return `removed ${change.key} ${change.before.app}`;
    case "changed":
      return `changed ${change.key} ${change.after.app}: ${differences(change.before, change.after)}`;
  }
}

function counts({ replicas }: Route): string {
  const up = replicas.filter((replica) => replica.state === "up").length;
  return `${up} of ${replicas.length} up`;
}

function differences(before: Route, after: Route): string {
  const old = new Map(before.replicas.map((replica) => [replica.key, replica]));
  const words: string[] = [];
  for (const replica of after.replicas) {
    const previous = old.get(replica.key);
    old.delete(replica.key);
    const word = difference(previous, replica);
    if (word !== undefined) words.push(word);
  }
  for (const key of old.keys()) words.push(`-${key}`);
  if (before.app !== after.app) words.push(`app was ${before.app}`);
  if (sharersOf(before) !== sharersOf(after)) words.push(`shared with ${sharersOf(after)}`);
  if (hostsOf(before) !== hostsOf(after)) words.push(`hosts ${hostsOf(after)}`);
  words.push(...policyDifferences(before, after));
  if (before.mode !== after.mode) words.push(`mode ${before.mode} → ${after.mode}`);
  return words.length === 0 ? "details" : words.join(", ");
}

function policyDifferences(before: Route, after: Route): string[] {
  return policyNames.flatMap((name) => {
    const [was, is] = [before.policy[name], after.policy[name]].map((value) =>
      JSON.stringify(value),
    );
    return was === is ? [] : [`${name} ${was} → ${is}`];
  });
}

function sharersOf({ sharers = [] }: Route): string {
  return sharers.length === 0 ? "nobody" : sharers.join(" ");
}

/** The host names of a route in one line, the names of TLS marked; a few stand for many. */
function hostsOf({ hosts }: Route): string {
  if (hosts === undefined) return "none";
  const words = [...hosts.http, ...hosts.tls.map((name) => `tls:${name}`)];
  if (hosts.httpDefault) words.push("default");
  if (hosts.tlsDefault) words.push("tls:default");
  return words.join(" ");
}

function difference(before: RoutedReplica | undefined, after: RoutedReplica): string | undefined {
  if (before === undefined) return `+${after.key} ${after.state} (${after.reason})`;
  if (before.state !== after.state) {
    return `${after.key} ${before.state} → ${after.state} (${after.reason})`;
  }
  if (before.weight !== after.weight) {
    return `${after.key} weight ${before.weight} → ${after.weight}`;
  }
  return before.task === after.task ? undefined : `${after.key} is now task ${after.task}`;
}

function isPolicyName(name: string): name is keyof ServicePolicy {
  return name in defaultPolicy;
}
