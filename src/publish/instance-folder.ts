import { chmod, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { eachOf } from "./each-of.ts";
import { Faults } from "./faults.ts";
import { OwnedFiles } from "./owned-files.ts";
import { putFile, readOwn, removeFile, replaceFile, standing } from "./replace-file.ts";

const folderMode = 0o770;
const atOnce = 8;

/** Numbers since the start, one per file and attempt. */
export interface FolderFigures {
  /** Files there are now. */
  readonly files: number;
  readonly written: number;
  readonly removed: number;
  readonly failures: number;
}

/** One directory of files that are ours among others that are not. */
export class InstanceFolder {
  readonly #path: string;
  /** What is known to be in each file. */
  readonly #known = new Map<string, string>();
  #owned: OwnedFiles | undefined;
  #written = 0;
  #removed = 0;
  #failures = 0;

  constructor(path: string) {
    this.#path = path;
  }

  figures(): FolderFigures {
    const counts = { written: this.#written, removed: this.#removed, failures: this.#failures };
    return { files: this.#known.size, ...counts };
  }

  /** Makes the files with these names and contents the only ones that are ours; what failed is returned, and stays. */
  async become(wanted: ReadonlyMap<string, string>, signal: AbortSignal): Promise<Faults> {
    const faults = new Faults();
    try {
      const owned = await this.#open();
      await this.#write(wanted, { owned, faults, signal });
      await this.#removeOthers(wanted, { owned, faults, signal });
    } catch (error) {
      faults.add(this.#path, error);
    }
    this.#failures += faults.count;
    return faults;
  }

  async #open(): Promise<OwnedFiles> {
    const made = await mkdir(this.#path, { recursive: true, mode: folderMode });
    if (made !== undefined) {
      // The umask would take away from it what its readers need.
      await chmod(this.#path, folderMode);
      // Somebody took it away with all that was in it.
      this.#known.clear();
      this.#owned = undefined;
    }
    this.#owned ??= await OwnedFiles.read(this.#path);
    return this.#owned;
  }

  async #write(wanted: ReadonlyMap<string, string>, pass: Pass): Promise<void> {
    const changed = [...wanted].filter(([name, content]) => this.#known.get(name) !== content);
    if (changed.length === 0) return;
    // One look at the directory spares one at each of the files that are not there yet.
    const isAllKnown = changed.every(([name]) => this.#known.has(name));
    const present = new Set(isAllKnown ? this.#known.keys() : await readdir(this.#path));
    const due = await this.#sortOut(changed, present, pass);
    await eachOf(due, { atOnce, signal: pass.signal }, async ([name, content]) => {
      await pass.faults.guard(name, async () => {
        const path = join(this.#path, name);
        await (present.has(name) ? replaceFile(path, content) : putFile(path, content));
        this.#known.set(name, content);
        this.#written += 1;
      });
    });
  }

  /** Claims what may be written, and returns what must be. */
  async #sortOut(
    changed: readonly NamedContent[],
    present: ReadonlySet<string>,
    { owned, faults, signal }: Pass,
  ): Promise<readonly NamedContent[]> {
    const ours: string[] = [];
    const due: NamedContent[] = [];
    await eachOf(changed, { atOnce, signal }, async ([name, content]) => {
      await faults.guard(name, async () => {
        const isSafe = this.#known.has(name) || !present.has(name);
        if (isSafe || (await this.#differs(name, content, owned))) due.push([name, content]);
        else this.#known.set(name, content);
        ours.push(name);
      });
    });
    await owned.claim(ours);
    return due;
  }

  /** False when it is there already; throws when what is there is not ours. */
  async #differs(name: string, content: string, owned: OwnedFiles): Promise<boolean> {
    const path = join(this.#path, name);
    if ((await standing(path)) === "nothing") return true;
    const there = await readOwn(path, Buffer.byteLength(content) + 1);
    // Without a manifest, mmsd's files and our own are known by their first line.
    const isOurs = owned.has(name) || firstLine(there) === firstLine(content);
    if (!isOurs) throw new Error("a file that is not ours is in the way");
    return there !== content;
  }

  async #removeOthers(wanted: ReadonlyMap<string, string>, pass: Pass): Promise<void> {
    const { owned, faults, signal } = pass;
    const gone: string[] = [];
    const others = owned.names().filter((name) => !wanted.has(name));
    await eachOf(others, { atOnce, signal }, async (name) => {
      await faults.guard(name, async () => {
        if (await removeFile(join(this.#path, name))) this.#removed += 1;
        this.#known.delete(name);
        gone.push(name);
      });
    });
    await owned.release(gone);
  }
}

type NamedContent = readonly [name: string, content: string];

interface Pass {
  readonly owned: OwnedFiles;
  readonly faults: Faults;
  readonly signal: AbortSignal;
}

function firstLine(content: string): string | undefined {
  return content.split("\r\n", 1)[0];
}
