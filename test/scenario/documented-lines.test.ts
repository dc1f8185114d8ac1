import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import { eventually } from "../support/eventually.ts";
import { Program } from "../support/program.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

const run = promisify(execFile);
const root = new URL("../../", import.meta.url).pathname;
const token = "0123456789abcdef";

/** Lines of a document that are to be pasted: those of blocks that stand for a shell, without output shown there. */
function linesOf(document: string): string[] {
  const text = readFileSync(root + document, "utf8");
  const blocks = Array.from(
    text.matchAll(/^( *)```\n([^]*?)^\1```$/gm),
    ([, , block = ""]) => block,
  );
  return blocks
    .flatMap((block) => block.replaceAll("\\\n", " ").split("\n"))
    .map((line) => line.trim())
    .filter((line) => /^(?:\$ )?(?:npm|npx|curl|docker|portolan|node|echo|printf) /.test(line))
    .map((line) => line.replace(/^\$ /, "").replace(/\s+#.*$/, ""));
}

/** What is not pasted here, and what shows it instead. */
const shownElsewhere: readonly (readonly [line: RegExp, by: string])[] = [
  [/^npm start$/, "the demo of this very test"],
  [
    /^npm start -- --marathon /,
    "test/scenario/demo.test.ts: with a source npm start is the real thing",
  ],
  [/^npm test$/, "whoever reads this line"],
  [/^docker (?:build|run) /, "test/docker/image.test.ts"],
  [/^docker compose /, "test/docker/compose.test.ts, for its shape"],
  [/^curl http:\/\/localhost:1234\/$/, "the stack of compose.mesos.yml, which wants images"],
];

/** What is given a Marathon that is not there: it has to be understood, and to fail for that alone. */
const wantsMarathon = /^portolan .*--marathon http:\/\/m1\.example/;

suite("lines of the documents, pasted", { timeout: 110_000 }, () => {
  const folder = new TemporaryFolder();
  let demo: Program;
  let ports: { readonly status: string; readonly web: string; readonly replica: string };

  before(async () => {
    writeFileSync(folder.file("admin-token"), token);
    mkdirSync(folder.file("bin"));
    writeFileSync(
      folder.file("bin/portolan"),
      `#!/bin/sh\nexec ${process.execPath} ${root}src/main.ts "$@"\n`,
      { mode: 0o755 },
    );
    const flags = ["--no-script", "--log-format", "json"];
    demo = new Program({
      args: ["start", ...flags, "--admin-token-file", folder.file("admin-token")],
    });
    const hint = async (pattern: RegExp): Promise<string> => {
      const { msg } = await demo.logged(pattern);
      return pattern.exec(String(msg))?.[1] ?? "";
    };
    const status = await hint(/curl http:\/\/127\.0\.0\.1:(\d+)\/api\/table/);
    const web = await hint(/curl http:\/\/localhost:(\d+)\//);
    const replica = await eventually(async () => {
      const table = await (await fetch(`http://127.0.0.1:${status}/api/table`)).text();
      return /"address": "([^"]+)"/.exec(table)?.[1];
    });
    ports = { status, web, replica };
  });

  after(async () => {
    await demo[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  /** Runs a line as a shell does, with the demo's own ports where the document has the usual ones. */
  async function paste(line: string): Promise<string> {
    const here = line
      .replaceAll("localhost:10001", `localhost:${ports.web}`)
      .replaceAll("127.0.0.1:9090", `127.0.0.1:${ports.status}`)
      .replaceAll("10.0.0.7:31001", ports.replica)
      .replaceAll("/etc/portolan/admin-token", folder.file("admin-token"))
      .replace(/^npm exec -- /, "")
      .replace(/^curl /, "curl --fail-with-body --silent --show-error ");
    const { stdout } = await run("sh", ["-c", here], {
      cwd: root,
      env: {
        PATH: `${folder.file("bin")}:${process.env["PATH"] ?? ""}`,
        PORTOLAN_STATUS_ENDPOINT: `127.0.0.1:${ports.status}`,
      },
      timeout: 20_000,
    });
    return stdout;
  }

  for (const document of [
    "README.md",
    "docker/OPERATIONS.md",
    "docker/MIGRATION.md",
    "docker/README.md",
  ]) {
    const lines = linesOf(document);

    test(`${document} has lines to paste`, () => assert.ok(lines.length > 1));

    for (const line of lines) {
      const elsewhere = shownElsewhere.find(([pattern]) => pattern.test(line));
      test(`${document}: ${line}`, { skip: elsewhere?.[1] ?? false }, async () => {
        if (wantsMarathon.test(line)) {
          await assert.doesNotReject(understood(line));
          return;
        }
        assert.notEqual((await paste(line)).trim(), "");
      });
    }
  }

  /** Every option of a line that wants a Marathon is known, and its values are good. */
  async function understood(line: string): Promise<void> {
    const args = line.replace(/^portolan (?:check )?/, "");
    await paste(`portolan healthcheck ${args.replace(/--status-endpoint \S+/, "")}`);
  }
});
