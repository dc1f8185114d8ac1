import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, realpathSync, symlinkSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import type { Engine } from "./engine.ts";

const root = new URL("../../", import.meta.url).pathname;

// What the Dockerfile's own steps run.
const programs = ["/bin/sh", "/bin/rm", "/bin/chmod", "/bin/ln", "/usr/bin/env"];
const nodeBinary = join(root, "node_modules/node/bin/node");

/** Why the stand-in cannot be made; false when it can. */
export const standInMissing: string | false = whyNot();

/**
 * Imports, under `name`, an image that stands for the official one where no image can be pulled: the pinned Node, npm, the
 * few programs that the build runs, and the libraries they link. `/build` holds the packages that `npm install` would
 * fetch, so that the Dockerfile runs as written without a network; what it leaves out of its result is missing for good.
 */
export async function importStandIn(engine: Engine, name: string): Promise<void> {
  const archive = engine.file("stand-in.tar");
  const links = engine.file("links");
  makeLinks(links);
  const npm = npmFolder() ?? "";
  const into = (folder: string): string => `--transform=flags=rh;s,^,${folder}/,`;
  const libraries = [...programs, nodeBinary].flatMap((file) => linkedLibraries(file));
  const files = [...new Set([...libraries, ...programs])].map((file) => file.slice(1));
  const packages = [into("build"), "--exclude=node_modules/node/bin", "-C", root, "node_modules"];
  tar("-chf", archive, "-C", "/", ...files);
  tar("-rhf", archive, into("usr/local/bin"), "-C", dirname(nodeBinary), "node");
  tar("-rf", archive, into("usr/local/lib/node_modules"), "-C", dirname(npm), "npm");
  tar("-rf", archive, ...packages);
  tar("-rf", archive, "-C", links, "usr/local/bin/npm", "build/node_modules/node/bin/node");
  const environment = "ENV PATH=/usr/local/bin:/usr/bin:/bin npm_config_offline=true";
  await engine.docker("import", "--change", environment, archive, name);
}

function makeLinks(folder: string): void {
  mkdirSync(join(folder, "usr/local/bin"), { recursive: true });
  mkdirSync(join(folder, "build/node_modules/node/bin"), { recursive: true });
  symlinkSync("../lib/node_modules/npm/bin/npm-cli.js", join(folder, "usr/local/bin/npm"));
  symlinkSync("/usr/local/bin/node", join(folder, "build/node_modules/node/bin/node"));
}

function tar(...args: readonly string[]): void {
  execFileSync("tar", args, { stdio: ["ignore", "ignore", "pipe"] });
}

/** The loader and the libraries of a program, by absolute path. */
function linkedLibraries(file: string): string[] {
  const listing = execFileSync("ldd", [file], { encoding: "utf8" });
  return [...listing.matchAll(/(\/\S+) \(0x/g)].map(([, path = ""]) => path);
}

/** The folder of an npm that brings its own modules. */
function npmFolder(): string | undefined {
  const found = (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, "npm"))
    .find((path) => existsSync(path));
  if (found === undefined) return undefined;
  const folder = dirname(dirname(realpathSync(found)));
  return existsSync(join(folder, "node_modules")) ? folder : undefined;
}

function whyNot(): string | false {
  if (process.platform !== "linux") return "needs Linux";
  if (!existsSync(nodeBinary)) return "needs the pinned Node in node_modules";
  return npmFolder() === undefined ? "needs an npm that brings its own modules" : false;
}
