import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { Certificate } from "../../src/model/gateway.ts";
import type { Problem } from "../../src/model/problem.ts";
import { readCertificates } from "../../src/wiring/certificate-folder.ts";
import { Certificates } from "../../src/wiring/certificates.ts";
import { selfSigned, selfSignedFor } from "../support/certificates.ts";
import { eventually } from "../support/eventually.ts";
import { isMissing, TemporaryDirectory } from "../support/real-server.ts";

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const dayMs = 24 * 3600 * 1000;

/** Follows a folder, and keeps what was told last. */
class Followed implements AsyncDisposable {
  readonly certificates: Certificates;
  /** How far its clock is ahead, in ms. */
  ahead = 0;
  told: readonly Certificate[] = [];
  times = 0;
  looks = 0;
  readonly #life = new AbortController();
  readonly #running: Promise<void>;

  constructor(folder: string) {
    this.certificates = new Certificates({
      folder,
      logger: silent,
      // Asked once in each look.
      clock: () => {
        this.looks += 1;
        return Date.now() + this.ahead;
      },
      everyMs: 5,
      changed: (all) => {
        this.told = all;
        this.times += 1;
      },
    });
    this.#running = this.certificates.run(this.#life.signal);
  }

  get files(): string[] {
    return this.told.map(({ file }) => file);
  }

  get problems(): readonly Problem[] {
    return this.certificates.problems;
  }

  /** Settles when the files have been read as they are now. */
  async look(): Promise<void> {
    const { looks } = this;
    await eventually(() => this.looks >= looks + 2);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort();
    await this.#running;
  }
}

suite("a directory of certificates", { skip: isMissing("openssl") }, () => {
  test("a bad file harms only itself, and its problem says nothing of its contents", async () => {
    using folder = new TemporaryDirectory();
    const good = selfSigned(folder.path, "good", ["Good.test"]);
    const other = selfSigned(folder.path, "mismatch", ["m.test"]);
    folder.write("mismatch.key", good.key);
    folder.write("both.pem", `${other.key}${other.chain}`);
    folder.write("empty.crt", "");
    folder.write("unsaid.crt", other.chain);
    folder.write("unsaid.key", "");
    folder.write("half.pem", other.chain);
    folder.write("keyless.crt", other.chain);
    folder.write("notes.txt", "not ours");
    const { certificates, problems } = await readCertificates(folder.path);
    assert.deepEqual(
      certificates.map(({ file, names }) => [file, names]),
      [
        ["both.pem", ["m.test"]],
        ["good.crt", ["good.test"]],
      ],
    );
    assert.deepEqual(problems.map(({ subject }) => subject).toSorted(), [
      "empty.crt",
      "half.pem",
      "keyless.crt",
      "mismatch.crt",
      "unsaid.crt",
    ]);
    assert.ok(
      problems.every(({ kind, reason }) => kind === "certificate" && !/BEGIN/.test(reason)),
    );
  });

  test("a directory that is not there is one problem", async () => {
    const { certificates, problems } = await readCertificates("/nonexistent/certificates");
    assert.deepEqual(certificates, []);
    assert.equal(problems.length, 1);
  });
});

suite("certificates that are followed", { skip: isMissing("openssl") }, () => {
  test("files are read again at intervals, and nobody is told while they say the same", async () => {
    using folder = new TemporaryDirectory();
    selfSigned(folder.path, "a", ["a.test"]);
    await using followed = new Followed(folder.path);
    await eventually(() => followed.files.join() === "a.crt");
    selfSigned(folder.path, "b", ["b.test"]);
    await eventually(() => followed.files.length === 2);
    const { times } = followed;
    await followed.look();
    assert.equal(followed.times, times);
    rmSync(join(folder.path, "a.crt"));
    await eventually(() => followed.files.join() === "b.crt");
  });

  test("a file that is written anew in its place takes effect once its key is there, too", async () => {
    using folder = new TemporaryDirectory();
    using aside = new TemporaryDirectory();
    const before = selfSigned(folder.path, "a", ["a.test"]);
    await using followed = new Followed(folder.path);
    await eventually(() => followed.told[0]?.chain === before.chain);
    const after = selfSigned(aside.path, "a", ["a.test", "more.test"]);
    folder.write("a.crt", after.chain);
    await eventually(() => followed.problems.length === 1);
    assert.equal(followed.told[0]?.chain, before.chain, "the key is another one's");
    folder.write("a.key", after.key);
    await eventually(() => followed.told[0]?.chain === after.chain);
    assert.deepEqual(followed.told[0]?.names, ["a.test", "more.test"]);
    await eventually(() => followed.problems.length === 0);
  });

  test("a new certificate waits for its key", async () => {
    using folder = new TemporaryDirectory();
    using aside = new TemporaryDirectory();
    const { chain, key } = selfSigned(aside.path, "a", ["a.test"]);
    folder.write("a.crt", chain);
    await using followed = new Followed(folder.path);
    await eventually(() => followed.problems.length === 1);
    folder.write("a.key", key);
    await eventually(() => followed.files.join() === "a.crt" && followed.problems.length === 0);
  });

  test("a file that has become bad, or cannot be reached, leaves its last certificate in use", async () => {
    using folder = new TemporaryDirectory();
    // Longer than what problems show of it.
    const path = join(folder.path, "certificates-".repeat(9));
    mkdirSync(path);
    const name = `${"long-".repeat(24)}name`;
    selfSigned(path, "short", ["b.test"]);
    for (const suffix of ["crt", "key"]) {
      renameSync(join(path, `short.${suffix}`), join(path, `${name}.${suffix}`));
    }
    await using followed = new Followed(path);
    await eventually(() => followed.files.length === 1);
    const [good] = followed.told;
    writeFileSync(join(path, `${name}.crt`), "no certificate");
    await eventually(() => followed.problems.length === 1);
    await followed.look();
    assert.deepEqual(followed.told, [good]);
    renameSync(path, `${path}.away`);
    await eventually(() => followed.problems[0]?.subject.startsWith(folder.path) === true);
    await followed.look();
    assert.deepEqual(followed.told, [good]);
  });

  test("of two for one name the one that is valid for longer is used, whatever they are called", async () => {
    using folder = new TemporaryDirectory();
    selfSignedFor(10, { folder: folder.path, name: "a", hosts: ["x.test"] });
    selfSignedFor(30, { folder: folder.path, name: "b", hosts: ["x.test"] });
    selfSignedFor(20, { folder: folder.path, name: "c", hosts: ["x.test"] });
    await using followed = new Followed(folder.path);
    await eventually(() => followed.files.join() === "b.crt,c.crt,a.crt");
  });

  test("one that is used out of its time is a problem; one that has a successor is not", async () => {
    using folder = new TemporaryDirectory();
    selfSignedFor(10, { folder: folder.path, name: "a", hosts: ["a.test"] });
    selfSignedFor(5, { folder: folder.path, name: "b", hosts: ["a.test"] });
    await using followed = new Followed(folder.path);
    await eventually(() => followed.files.length === 2);
    followed.ahead += 7 * dayMs;
    await followed.look();
    assert.equal(followed.problems.length, 0);
    followed.ahead += 7 * dayMs;
    await eventually(() => followed.problems.length === 1);
    assert.match(followed.problems[0]?.reason ?? "", /^the certificate has expired on /);
    assert.equal(followed.problems[0]?.subject, "a.crt");
    followed.ahead -= 30 * dayMs;
    await eventually(() => /is valid only from/.test(followed.problems[0]?.reason ?? ""));
    assert.deepEqual(followed.files, ["a.crt", "b.crt"], "a bad certificate beats none");
  });
});
