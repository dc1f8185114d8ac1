import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The proxy as it is started here. */
export interface Program {
  /** Path of the file that Node runs. */
  readonly entry: string;
  /** False when the source itself is run. */
  readonly isBuilt: boolean;
  /** True when it was built before the source was changed last. */
  readonly isStale: boolean;
}

export interface ProgramOptions {
  /** Build when the built program is missing or older than its source. */
  readonly mayBuild: boolean;
  readonly say: (line: string) => void;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const built = `${root}dist/main.js`;
const source = `${root}src`;

/** The built program, brought up to date first; what users run is what is measured. Throws when it cannot be built. */
export function findProgram({ mayBuild, say }: ProgramOptions): Program {
  if (mayBuild && !isFresh()) {
    say("building");
    const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", "build"], {
      cwd: root,
      encoding: "utf8",
    });
    if (status !== 0)
      throw new Error(`the build failed (--no-build measures what is there):\n${stdout}${stderr}`);
  }
  const isBuilt = existsSync(built);
  const isStale = isBuilt && !isFresh();
  return { entry: isBuilt ? built : `${source}/main.ts`, isBuilt, isStale };
}

function isFresh(): boolean {
  if (!existsSync(built)) return false;
  const builtAt = statSync(built).mtimeMs;
  const files = readdirSync(source, { recursive: true, encoding: "utf8" });
  return files.every((file) => statSync(`${source}/${file}`).mtimeMs <= builtAt);
}
