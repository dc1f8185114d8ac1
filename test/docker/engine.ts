import { execFile, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { promisify } from "node:util";
import { eventually } from "../support/eventually.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

const run = promisify(execFile);

// It does not outlive a test run that is killed, and its mounts are seen by nobody else and go with it.
const confined = ["setpriv", "--pdeathsig", "TERM", "unshare", "--mount"];

/** Why tests with a real engine are skipped; false when one can be started. */
export const engineMissing: string | false = whyNot();

/** A Docker engine of its own: nothing of the machine's engine, networks or firewall is used or changed. */
export class Engine implements AsyncDisposable {
  readonly #folder: TemporaryFolder;
  readonly #process: ChildProcess;
  readonly #exit: Promise<unknown>;
  #log = "";

  private constructor(folder: TemporaryFolder) {
    this.#folder = folder;
    mkdirSync(folder.file("client"));
    const paths = [
      ["--data-root", folder.file("data")],
      ["--exec-root", folder.file("exec")],
      ["--pidfile", folder.file("pid")],
      ["--host", this.#host],
    ].flat();
    const apart = ["--iptables=false", "--ip6tables=false", "--ip-forward=false", "--bridge=none"];
    const [program = "", ...args] = [...confined, "dockerd", ...paths, ...apart];
    this.#process = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
    this.#process.on("error", (error) => {
      this.#log += error.message;
    });
    this.#process.stderr?.on("data", (chunk: Buffer) => {
      this.#log += chunk.toString();
    });
    this.#exit = once(this.#process, "close");
  }

  /** Resolves when it answers. */
  static async start(): Promise<Engine> {
    const engine = new Engine(new TemporaryFolder());
    try {
      await eventually(() => engine.#answers(), { withinMs: 30_000, what: "an engine" });
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw new Error(`dockerd did not start: ${engine.#log}`, { cause: error });
    }
    return engine;
  }

  /** Runs the client; resolves with its standard output, rejects with everything it said. */
  async docker(...args: readonly (string | readonly string[])[]): Promise<string> {
    const { stdout } = await run("docker", args.flat(), {
      // The classic builder needs neither a plugin nor a network.
      env: {
        PATH: process.env["PATH"],
        DOCKER_BUILDKIT: "0",
        DOCKER_HOST: this.#host,
        DOCKER_CONFIG: this.#folder.file("client"),
      },
      timeout: 180_000,
      maxBuffer: 16 * 1024 * 1024,
    });
    return stdout.trim();
  }

  /** A path in the folder that goes with the engine. */
  file(name: string): string {
    return this.#folder.file(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (await this.#answers()) {
      const containers = await this.docker("ps", "--all", "--quiet");
      if (containers !== "") await this.docker("rm", "--force", ...containers.split("\n"));
    }
    this.#process.kill("SIGTERM");
    await this.#exit;
    this.#folder[Symbol.dispose]();
  }

  get #host(): string {
    return `unix://${this.#folder.file("socket")}`;
  }

  async #answers(): Promise<boolean> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return false;
    try {
      await this.docker("version");
      return true;
    } catch {
      // Refused until it listens.
      return false;
    }
  }
}

function whyNot(): string | false {
  for (const program of ["dockerd", "docker"]) {
    if (spawnSync(program, ["--version"]).status !== 0) return "needs Debian's package docker.io";
  }
  if (process.getuid?.() !== 0) return "needs root to start a Docker engine of its own";
  const [program, ...args] = [...confined, "true"];
  return spawnSync(program, args).status === 0 ? false : "needs the right to mount file systems";
}
