import { spawnSync } from "node:child_process";
import { getuid } from "node:process";

const isolated = getuid?.() === 0 ? ["--net"] : ["--user", "--map-root-user", "--net"];

/** A command and its arguments that run these in a network of their own, after kernel settings of that network were made. */
export function inOwnNetwork(
  settings: Readonly<Record<string, number>>,
  command: readonly string[],
): { readonly file: string; readonly args: readonly string[] } {
  const made = Object.entries(settings).map(([name, value]) => `sysctl -qw ${name}=${value}`);
  const script = ["ip link set lo up", ...made, 'exec "$0" "$@"'].join(" && ");
  return { file: "unshare", args: [...isolated, "sh", "-c", script, ...command] };
}

/** Why such settings cannot be made here; false when they can. */
export function lacksOwnNetwork(settings: Readonly<Record<string, number>>): string | false {
  const { file, args } = inOwnNetwork(settings, ["true"]);
  const { status, stderr } = spawnSync(file, args, { encoding: "utf8" });
  if (status === 0) return false;
  return `needs a network namespace of its own with ${Object.keys(settings).join(", ")} (util-linux, iproute2, procps; root or user namespaces): ${stderr?.trim()}`;
}
