import { join } from "node:path";
import { readOwn, replaceFile, standing } from "./replace-file.ts";

const manifestName = ".portolan-files";
const longestManifest = 16 * 1024 * 1024;
/** What we could have written: no path, no hidden file. */
const nameGrammar = /^[a-z0-9_][a-z0-9._-]{0,250}\.instances$/i;

/** The names of the files in a directory that are ours, remembered in a manifest beside them. */
export class OwnedFiles {
  readonly #path: string;
  readonly #names: Set<string>;

  private constructor(path: string, names: Set<string>) {
    this.#path = path;
    this.#names = names;
  }

  /** Reads the manifest; lines that no file of ours could be called are left out. */
  static async read(directory: string): Promise<OwnedFiles> {
    const path = join(directory, manifestName);
    if ((await standing(path)) === "nothing") return new OwnedFiles(path, new Set());
    const lines = (await readOwn(path, longestManifest)).split("\n");
    return new OwnedFiles(path, new Set(lines.filter((line) => nameGrammar.test(line))));
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  names(): readonly string[] {
    return [...this.#names];
  }

  /** Remembers files before they are made, so that a crash leaves none behind that nobody owns. */
  async claim(names: readonly string[]): Promise<void> {
    const added = names.filter((name) => !this.#names.has(name));
    if (added.length === 0) return;
    await this.#write([...this.#names, ...added]);
    for (const name of added) this.#names.add(name);
  }

  /** Forgets files after they are gone. */
  async release(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    for (const name of names) this.#names.delete(name);
    await this.#write([...this.#names]);
  }

  async #write(names: readonly string[]): Promise<void> {
    await replaceFile(
      this.#path,
      names
        .toSorted()
        .map((name) => `${name}\n`)
        .join(""),
    );
  }
}
