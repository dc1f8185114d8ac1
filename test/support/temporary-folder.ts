import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of its own that is gone when it is disposed. */
export class TemporaryFolder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), "portolan-test-"));

  file(name: string): string {
    return join(this.path, name);
  }

  /** Puts a complete file in the place of another, as careful writers do. */
  replace(name: string, text: string): void {
    const draft = this.file(`.${name}.draft`);
    writeFileSync(draft, text);
    renameSync(draft, this.file(name));
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
