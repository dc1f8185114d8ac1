import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { CheckPolicy } from "../../src/model/check.ts";
import { noSocketLeft, probe, targetAt } from "../contract/probe-contract.ts";
import { acceptAndHang } from "../support/faults/accept-and-hang.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { TcpReplica } from "../support/tcp-replica.ts";
import { isMissing, ServerProcess, TemporaryDirectory } from "../support/real-server.ts";

async function ask(port: number, check: Partial<CheckPolicy>): Promise<string> {
  const { reason } = await probe(targetAt(port, { kind: "http", ...check }));
  return reason.replace(/ in \d+ ms$/, "");
}

/** A port that hangs, and nginx with one path for each status, a host of its own, and a path to the hanging port. */
async function startNginx(directory: TemporaryDirectory, hanging: number) {
  const port = await freePort();
  const statuses = [200, 204, 301, 404, 500, 503];
  const locations = statuses.map((status) => `location = /${status} { return ${status}; }`);
  const listen = `listen 127.0.0.1:${port}`;
  const path = directory.write(
    "nginx.conf",
    `daemon off; pid ${directory.path}/pid; error_log stderr info; worker_processes 1;
     events { worker_connections 64; }
     http {
       access_log ${directory.path}/access.log;
       client_body_temp_path ${directory.path}/body; proxy_temp_path ${directory.path}/proxy;
       fastcgi_temp_path ${directory.path}/f; uwsgi_temp_path ${directory.path}/u; scgi_temp_path ${directory.path}/s;
       server {
         ${listen} default_server;
         ${locations.join("\n")}
         location = /hangs { proxy_pass http://127.0.0.1:${hanging}; }
         location = "/a b\u00E9" { return 200; }
       }
       server { ${listen}; server_name shop.example; location = / { return 299; } }
     }`,
  );
  const server = new ServerProcess("nginx", ["-p", directory.path, "-c", path]);
  await eventually(async () => (await probe(targetAt(port, { kind: "tcp" }))).kind === "good", {
    what: `nginx: ${server.output}`,
  });
  return { port, server };
}

test(
  "nginx: statuses, a host of its own, an encoded path, an answer that never comes (HC02)",
  {
    skip: isMissing("nginx"),
    timeout: 60_000,
  },
  async () => {
    using directory = new TemporaryDirectory();
    await using hanging = await acceptAndHang();
    const { port, server } = await startNginx(directory, hanging.port);
    await using _ = server;
    assert.equal(await ask(port, { path: "/200" }), "L7OK/200");
    assert.equal(await ask(port, { path: "/204" }), "L7OK/204");
    assert.equal(await ask(port, { path: "/301" }), "L7OK/301");
    assert.equal(await ask(port, { path: "/404" }), "L7STS/404");
    assert.equal(await ask(port, { path: "/500" }), "L7STS/500");
    assert.equal(await ask(port, { path: "/503" }), "L7STS/503");
    assert.equal(await ask(port, { path: "/404", leastStatus: 404, mostStatus: 404 }), "L7OK/404");
    assert.equal(await ask(port, { path: "/200", leastStatus: 404, mostStatus: 404 }), "L7STS/200");
    assert.equal(await ask(port, { path: "/", host: "shop.example" }), "L7OK/299");
    assert.equal(await ask(port, { path: "/a b\u00E9" }), "L7OK/200");
    assert.equal(await ask(port, { path: "/hangs", timeoutMs: 300 }), "L7TOUT");
  },
);

suite("the request of an http probe", () => {
  const hostile = [
    "/a\r\nX-Evil: 1\r\n\r\nGET /second HTTP/1.1",
    "http://evil.example/",
    "/with space and\ttab",
    `/${"long".repeat(2560)}`,
    "/\u00FCml\u00E4ut/\u{1F600}/\u2028",
    "/lone\uD800surrogate\0",
    "",
  ];
  for (const path of hostile) {
    test(`stays one request for ${JSON.stringify(path.slice(0, 40))}`, async () => {
      let heard = "";
      await using replica = await TcpReplica.start((socket) => {
        socket.on("data", (chunk) => {
          heard += chunk.toString("latin1");
          if (heard.endsWith("\r\n\r\n")) socket.end("HTTP/1.1 200\r\n\r\n");
        });
      });
      assert.equal(await ask(replica.port, { path, host: "a\r\nb: c" }), "L7OK/200");
      const [line, host, ...rest] = heard.split("\r\n");
      assert.match(line ?? "", /^GET \/[!-~]* HTTP\/1\.1$/);
      assert.equal(host, `Host: 127.0.0.1:${replica.port}`);
      assert.deepEqual(rest, [
        "User-Agent: portolan-healthcheck",
        "Accept: */*",
        "Connection: close",
        "",
        "",
      ]);
    });
  }

  test("leaves nothing open", noSocketLeft);
});

test("a header of a mebibyte and a body without end cost no more than the first 64 KiB (HC02)", async () => {
  const head = "HTTP/1.1 200 OK\r\n";
  const pouring =
    (beginning: string) => (socket: Parameters<Parameters<typeof TcpReplica.start>[0]>[0]) => {
      socket.resume().write(beginning);
      socket.write(Buffer.alloc(1_048_576, "x: y\r\n"));
    };
  await using header = await TcpReplica.start(pouring(head));
  assert.equal(await ask(header.port, {}), "L7RSP: longer than 64 KiB");
  await using body = await TcpReplica.start(pouring(`${head}Transfer-Encoding: chunked\r\n\r\nzz`));
  assert.equal(await ask(body.port, {}), "L7OK/200");
  await eventually(() => [...header.sockets, ...body.sockets].every((socket) => socket.closed));
});
