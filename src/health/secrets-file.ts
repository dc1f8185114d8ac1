import { readFileSync, statSync } from "node:fs";
import { parse } from "yaml";
import type { Problem } from "../model/problem.ts";
import { printable } from "../model/problem.ts";
import { readSecrets, type Credentials, type Secrets } from "./secrets.ts";

const longestFile = 1024 * 1024;

/** The file is looked at no more often than this, in ms. */
const lookEveryMs = 1000;

/** The file of `--check-secrets`: read again when it has changed, kept as it was while it cannot be read. */
export class SecretsFile {
  readonly #path: string;
  #secrets: Secrets = readSecrets(undefined);
  #readAt = "";
  #failure: string | undefined;
  #lookedAt = -Infinity;

  constructor(path: string) {
    this.#path = path;
    this.#look();
  }

  of(app: string): Credentials | undefined {
    if (performance.now() - this.#lookedAt >= lookEveryMs) this.#look();
    return this.#secrets.of(app);
  }

  get problems(): Problem[] {
    const all = this.#failure === undefined ? this.#secrets.problems : [this.#failure];
    const subject = printable(this.#path, 200);
    return all.map((reason) => ({ kind: "invalid-item", subject, reason }));
  }

  #look(): void {
    this.#lookedAt = performance.now();
    try {
      const { mtimeMs, size, ino } = statSync(this.#path);
      const version = `${mtimeMs} ${size} ${ino}`;
      if (version === this.#readAt) return;
      if (size > longestFile) throw new Error("larger than 1 MiB");
      this.#secrets = readSecrets(parse(readFileSync(this.#path, "utf8"), { maxAliasCount: 0 }));
      this.#readAt = version;
      this.#failure = undefined;
    } catch (error) {
      // The parser quotes the source, which is secret; a code says enough.
      const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
      this.#failure = `cannot be read: ${typeof code === "string" ? code : "not YAML or JSON"}`;
    }
  }
}
