import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = "/sys/fs/cgroup";

/** What a group of processes may have. */
export interface Allowance {
  /** Share of one processor, 0–1. */
  readonly cpu?: number;
  readonly megabytes?: number;
}

/** Files that limit one thing, for version 1 and version 2 of control groups. */
interface Knob {
  readonly controller: "cpu" | "memory";
  readonly values: Readonly<Record<string, string>>;
}

/** Why processes cannot be given less here, or false. */
export function noControlGroups(controller: Knob["controller"]): string | false {
  try {
    using _ = new ControlGroup(controller === "cpu" ? { cpu: 0.5 } : { megabytes: 512 });
    return false;
  } catch (error) {
    return `no control group of ${controller}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** A control group below the one of this process; those in it are given back to that when it is disposed. */
export class ControlGroup implements Disposable {
  readonly #folder: string;
  readonly #parent: string;
  readonly #members: number[] = [];

  constructor(allowance: Allowance) {
    const knob = knobOf(allowance);
    this.#parent = ownGroup(knob.controller);
    this.#folder = join(this.#parent, `portolan-test-${process.pid}-${knob.controller}`);
    mkdirSync(this.#folder);
    try {
      this.#set(knob);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** It may have this from now on. */
  allow(allowance: Allowance): void {
    this.#set(knobOf(allowance));
  }

  /** Put before a command, it runs in this group from its start, so that all its memory counts. */
  get command(): string[] {
    const enter = `echo $$ > ${this.#folder}/cgroup.procs; exec "$@"`;
    return ["sh", "-c", enter, "sh"];
  }

  /** Takes a process with all its threads in. */
  take(pid: number): void {
    writeFileSync(join(this.#folder, "cgroup.procs"), String(pid));
    this.#members.push(pid);
  }

  /** How often the kernel killed one of them for want of memory. */
  get kills(): number {
    for (const file of ["memory.oom_control", "memory.events"]) {
      const path = join(this.#folder, file);
      if (!existsSync(path)) continue;
      return Number(/^oom_kill (\d+)/m.exec(readFileSync(path, "utf8"))?.[1] ?? 0);
    }
    return 0;
  }

  #set({ values }: Knob): void {
    const known = Object.entries(values).filter(([file]) => existsSync(join(this.#folder, file)));
    if (known.length === 0) throw new Error("it has nothing to set");
    for (const [file, value] of known) writeFileSync(join(this.#folder, file), value);
  }

  [Symbol.dispose](): void {
    for (const pid of this.#members) {
      // One that has ended is in no group.
      if (existsSync(`/proc/${pid}`))
        writeFileSync(join(this.#parent, "cgroup.procs"), String(pid));
    }
    rmdirSync(this.#folder);
  }
}

function knobOf({ cpu, megabytes }: Allowance): Knob {
  if (cpu !== undefined) {
    const quota = Math.round(cpu * 100_000);
    const values = { "cpu.cfs_quota_us": String(quota), "cpu.max": `${quota} 100000` };
    return { controller: "cpu", values };
  }
  const bytes = String((megabytes ?? 256) * 1024 * 1024);
  return {
    controller: "memory",
    values: { "memory.limit_in_bytes": bytes, "memory.max": bytes },
  };
}

/** The folder of the group that this process is in. */
function ownGroup(controller: string): string {
  for (const line of readFileSync("/proc/self/cgroup", "utf8").split("\n")) {
    const [, controllers = "", path = "/"] = line.split(":");
    if (controllers.split(",").includes(controller)) return join(root, controller, path);
  }
  return join(root, /^0::(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1] ?? "/");
}
