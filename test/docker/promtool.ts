import { spawnSync } from "node:child_process";

/** Why checks by Prometheus itself are skipped; false when its tool is here. */
export const promtoolMissing: string | false =
  spawnSync("promtool", ["--version"]).status === 0 ? false : "needs Debian's package prometheus";

/** Runs promtool in `docker/prometheus`; what it said, and whether it was content. */
export function promtool(...args: readonly string[]): {
  readonly ok: boolean;
  readonly said: string;
} {
  const { status, stdout, stderr } = spawnSync("promtool", args, {
    cwd: new URL("../../docker/prometheus/", import.meta.url),
    encoding: "utf8",
    timeout: 60_000,
  });
  return { ok: status === 0, said: stdout + stderr };
}
