import assert from "node:assert/strict";
import { execFile, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { promisify } from "node:util";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { ask, getOnce } from "../support/http-exchange.ts";
import { HttpFixture } from "../support/http-fixture.ts";
import { isMissing } from "../support/real-server.ts";

const run = promisify(execFile);

function without(command: string): string | false {
  const { status } = spawnSync(command, ["-V"], { stdio: "ignore" });
  return status === null ? `${command} is not installed (Debian package ${command})` : false;
}

const noNginx = without("nginx");
const noCurl = without("curl");

/** nginx with what it is to serve, on a free port and in a folder of its own. */
async function nginx(
  locations: string,
): Promise<AsyncDisposable & { port: number; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "portolan-nginx-"));
  const port = await freePort();
  const file = join(folder, "nginx.conf");
  await writeFile(
    file,
    `daemon off; master_process off; pid ${folder}/pid; error_log stderr error;
events { worker_connections 512; }
http {
  access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  client_max_body_size 64m; keepalive_requests 7;
  server { listen 127.0.0.1:${port}; root ${folder}; ${locations} }
}`,
  );
  const child = spawn("nginx", ["-c", file, "-e", "stderr"], { stdio: "ignore" });
  await eventually(async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    return answer !== undefined;
  });
  const dispose = async (): Promise<void> => {
    child.kill("SIGKILL");
    if (child.exitCode === null) await once(child, "exit");
    await rm(folder, { recursive: true });
  };
  return { port, folder, [Symbol.asyncDispose]: dispose };
}

suite("nginx as a replica", { skip: noNginx }, () => {
  test("files, ranges, HEAD, redirects and conditional requests are answered as nginx answers them", async () => {
    await using replica = await nginx("location /old { return 301 /new; }");
    await writeFile(join(replica.folder, "file"), "x".repeat(100_000));
    await using proxy = await HttpFixture.start([replica.port]);
    const direct = `http://127.0.0.1:${replica.port}`;
    const through = `http://127.0.0.1:${proxy.port}`;
    const { headers } = await fetch(`${direct}/file`);
    const requests: readonly [string, RequestInit][] = [
      ["/file", {}],
      ["/file", { method: "HEAD" }],
      ["/file", { headers: { range: "bytes=5-9" } }],
      ["/file", { headers: { "if-none-match": headers.get("etag") ?? "" } }],
      ["/old", { redirect: "manual" }],
      ["/missing", {}],
      ["/file", { method: "DELETE" }],
    ];
    for (const [path, init] of requests) {
      const want = await fetch(`${direct}${path}`, init);
      const got = await fetch(`${through}${path}`, init);
      assert.equal(got.status, want.status);
      assert.equal(await got.text(), await want.text());
      for (const name of ["content-length", "content-range", "etag", "content-type"]) {
        assert.equal(got.headers.get(name), want.headers.get(name), `${name} of ${path}`);
      }
    }
  });

  test("connections that nginx ends after seven requests cost no request", async () => {
    await using replica = await nginx("location / { return 200 ok; }");
    await using proxy = await HttpFixture.start([replica.port]);
    const ask100 = async (): Promise<void> => {
      for (let count = 0; count < 100; count += 1) {
        const answer = await fetch(`http://127.0.0.1:${proxy.port}/`);
        assert.equal(await answer.text(), "ok");
      }
    };
    await Promise.all([ask100(), ask100(), ask100(), ask100()]);
  });

  test("what nginx counts is what was asked: nothing smuggled (W02)", async () => {
    await using replica = await nginx("location / { return 200 $request_uri; }");
    await using proxy = await HttpFixture.start([replica.port]);
    const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    const body = `${smuggled.length.toString(16)};x=${"y".repeat(100)}\r\n${smuggled}\r\n0\r\n\r\n`;
    const request = `POST /one HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}${getOnce("/two")}`;
    await using client = await ask(proxy.port, request);
    assert.equal(client.text.match(/HTTP\/1\.1/g)?.length, 2);
    assert.doesNotMatch(client.text, /smuggled/);
    assert.match(client.text, /\/one[^]*\/two$/);
  });
});

suite("curl as a client", { skip: noCurl || noNginx }, () => {
  test("uploads 16 MiB with Expect, downloads it again, in versions 1.0 and 1.1", async () => {
    await using replica = await nginx("location / { dav_methods PUT; create_full_put_path on; }");
    await using proxy = await HttpFixture.start([replica.port]);
    const source = join(replica.folder, "source");
    const bytes = Buffer.alloc(16 * 1024 * 1024, "portolan");
    await writeFile(source, bytes);
    for (const version of ["--http1.0", "--http1.1"]) {
      const url = `http://127.0.0.1:${proxy.port}/put${version}`;
      const common = ["-sS", "--fail", "--max-time", "20", version];
      await run("curl", [...common, "-T", source, "-H", "Expect: 100-continue", url]);
      await run("curl", [...common, "-o", `${source}.back`, url]);
      const { stdout } = await run("sha256sum", [`${source}.back`]);
      assert.equal(stdout.split(" ", 1)[0], createHash("sha256").update(bytes).digest("hex"));
    }
  });
});

suite("h2load as a client", { skip: isMissing("h2load", "nghttp2-client") || noNginx }, () => {
  test("fifty connections with ten requests at a time lose none of 5,000", async () => {
    await using replica = await nginx("location / { return 200 ok; }");
    await using proxy = await HttpFixture.start([replica.port]);
    const url = `http://127.0.0.1:${proxy.port}/`;
    const options = ["--h1", "-n", "5000", "-c", "50", "-m", "10", "-t", "1", url];
    const { stdout } = await run("h2load", options);
    assert.match(stdout, /requests: 5000 total, 5000 started, 5000 done, 5000 succeeded, 0 failed/);
    assert.match(stdout, /status codes: 5000 2xx/);
  });
});
