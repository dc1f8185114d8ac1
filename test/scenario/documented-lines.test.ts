import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import { freePort } from "../support/free-port.ts";
import { answering, saying } from "../support/http-exchange.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
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
  [/^npm start$/, "test/scenario/demo.test.ts"],
  [
    /^npm start -- --marathon /,
    "test/scenario/demo.test.ts: with a source npm start is the real thing",
  ],
  [/^npm test$/, "whoever reads this line"],
  [/^docker (?:build|run) /, "test/docker/image.test.ts"],
  [/^node --permission /, "test/docker/package.test.ts, where the package is"],
  [/^docker compose /, "test/docker/compose.test.ts, for its shape"],
  [/^curl http:\/\/localhost:1234\/$/, "the stack of compose.mesos.yml, which wants images"],
];

/** What is given a Marathon that is not there: it has to be understood, and to fail for that alone. */
const wantsMarathon = /^portolan .*--marathon http:\/\/m1\.example/;

suite("lines of the documents, pasted", { timeout: 110_000 }, () => {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(new TemporaryFolder());
  let ports: { readonly status: string; readonly web: string; readonly replica: string };

  before(async () => {
    writeFileSync(folder.file("admin-token"), token);
    mkdirSync(folder.file("bin"));
    writeFileSync(
      folder.file("bin/portolan"),
      `#!/bin/sh\nexec ${process.execPath} ${root}src/main.ts "$@"\n`,
      { mode: 0o755 },
    );
    // As in the demo; that one's ports would be those of other demos that run meanwhile.
    const port = await freePort();
    const hello = stack.use(await answering(saying("hello")));
    const marathon = stack.use(await startMarathon());
    marathon.putApp(app("/demo/web", port));
    place(marathon, "/demo/web", hello.port);
    // What is told about a replica is told of another one's: the lines may come in any order.
    const told = stack.use(await answering(saying("told")));
    const other = await freePort();
    marathon.putApp(app("/demo/told", other));
    place(marathon, "/demo/told", told.port);
    const flags = ["--marathon", marathon.urls.join(), "--admin-token-file"];
    const proxy = stack.use(await RunningProxy.start([...flags, folder.file("admin-token")]));
    await proxy.ready();
    for (const one of [port, other]) {
      await proxy.service(
        one,
        ({ listening, replicas }) => listening.length > 0 && replicas[0]?.state === "up",
      );
    }
    ports = {
      status: String(proxy.statusPort),
      web: String(port),
      replica: `127.0.0.1:${told.port}`,
    };
  });

  after(() => stack.disposeAsync());

  /** Runs a line as a shell does, with the ports of this test where the document has the demo's. */
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
