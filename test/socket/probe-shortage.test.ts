import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

import { isMissing } from "../support/real-server.ts";

/** Uses up all descriptors, probes a port where nobody is, and writes what was found as JSON. */
const program = `
  import { closeSync, openSync } from "node:fs";
  import { noSocketLeft, probe, targetAt } from "${import.meta.resolve("../contract/probe-contract.ts")}";
  const kinds = ["tcp", "tls", "http", "https", "redis", "smtp", "send-expect", "udp"];
  const all = () => Promise.all(kinds.map((kind) => probe(targetAt(1, { kind, send: "x" }))));
  await all();
  await noSocketLeft();
  const taken = [];
  try {
    for (;;) taken.push(openSync("/dev/null"));
  } catch {}
  const short = await all();
  for (const descriptor of taken) closeSync(descriptor);
  console.log(JSON.stringify({ short, after: await all() }));
`;

interface Result {
  readonly kind: string;
  readonly reason: string;
}

test(
  "without a descriptor left, no probe says anything of its replica (HC09)",
  {
    skip: isMissing("prlimit", "util-linux"),
    timeout: 30_000,
  },
  async () => {
    const options = [
      "--nofile=64",
      process.execPath,
      "--input-type=module-typescript",
      "-e",
      program,
    ];
    const { stdout } = await promisify(execFile)("prlimit", options);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by the program above
    const { short, after } = JSON.parse(stdout) as Record<"short" | "after", Result[]>;
    for (const { kind, reason } of short) {
      assert.equal(kind, "void");
      assert.match(reason, /^SOCKERR: (connect|bind) EMFILE [\d.:]+$/);
    }
    assert.ok(after.every(({ kind, reason }) => kind === "bad" && reason === "L4CON: refused"));
    assert.equal(short.length, after.length);
  },
);
