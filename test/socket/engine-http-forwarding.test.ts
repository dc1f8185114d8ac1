import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { suite, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { answering, ask, get, getOnce, saying } from "../support/http-exchange.ts";
import { HttpFixture } from "../support/http-fixture.ts";
import { RecordingReplica } from "../support/http-replica.ts";
import { mostInKernel, untilStill } from "../support/pouring.ts";
import { TcpClient } from "../support/tcp-client.ts";

async function nodeReplica(
  serve: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer(serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("no port");
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { port: bound.port, [Symbol.asyncDispose]: close };
}

suite("where a request comes from (W14)", () => {
  const spoofed =
    "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nX-Forwarded-Prefix: /evil\r\n";
  const request = `GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n${spoofed}\r\n`;

  test("a client on this host is believed, and added", async () => {
    await using replica = await RecordingReplica.start();
    await using proxy = await HttpFixture.start([replica.port]);
    await using _ = await ask(proxy.port, request);
    const [head = ""] = replica.requests;
    assert.match(head, /\r\nX-Forwarded-For: 6\.6\.6\.6, 127\.0\.0\.1\r\n/);
    assert.match(head, /\r\nX-Forwarded-Proto: https\r\n/);
    assert.match(head, /\r\nX-Forwarded-Host: evil\r\n/);
    assert.match(head, new RegExp(`\\r\\nX-Forwarded-Port: ${proxy.port}\\r\\n`));
    assert.match(head, /\r\nX-Real-IP: 6\.6\.6\.6\r\n/);
    assert.equal(head.match(/x-forwarded-for/gi)?.length, 1);
  });

  test("one that comes by a PROXY header from elsewhere is not: what it says is replaced (P09)", async () => {
    await using replica = await RecordingReplica.start();
    const options = { proxyTrusted: ["127.0.0.1"] };
    await using proxy = await HttpFixture.start([replica.port], { acceptProxy: true }, options);
    const preface = "PROXY TCP4 203.0.113.9 192.0.2.1 4711 80\r\n";
    await using client = await ask(proxy.port, `${preface}${request}`);
    assert.match(client.text, /^HTTP\/1\.1 200/);
    const [head = ""] = replica.requests;
    assert.match(head, /\r\nX-Forwarded-For: 203\.0\.113\.9\r\n/);
    assert.match(head, /\r\nX-Forwarded-Proto: http\r\n/);
    assert.match(head, /\r\nX-Forwarded-Host: a\.test\r\n/);
    assert.match(head, /\r\nX-Forwarded-Port: 80\r\n/);
    assert.doesNotMatch(head, /evil|6\.6\.6\.6/);
  });

  test("such a field under a name that only looks like it reaches nobody, whoever sends it", async () => {
    await using replica = await RecordingReplica.start();
    await using proxy = await HttpFixture.start([replica.port]);
    const disguised =
      "X_Forwarded_For: 6.6.6.6\r\nX-Forwarded_Proto: evil\r\nx_real-ip: 6.6.6.6\r\nX_Other: kept\r\n";
    await using _ = await ask(proxy.port, getOnce().replace("\r\n\r\n", `\r\n${disguised}\r\n`));
    const [head = ""] = replica.requests;
    assert.match(head, /\r\nX_Other: kept\r\n/);
    assert.doesNotMatch(head, /evil|6\.6\.6\.6/);
  });

  test("this proxy names itself in Via where it is given a name, behind those before it", async () => {
    await using replica = await RecordingReplica.start();
    await using proxy = await HttpFixture.start([replica.port], { via: "edge-1" });
    const asked = request.replace("Host:", "Via: 1.0 fred\r\nHost:");
    await using client = await ask(proxy.port, asked);
    assert.match(client.text, /\r\nVia: 1\.1 edge-1\r\n/);
    await using old = await ask(proxy.port, "GET / HTTP/1.0\r\n\r\n");
    assert.match(old.text, /\r\nVia: 1\.1 edge-1\r\n/);
    const [first = "", second = ""] = replica.requests;
    assert.match(first, /\r\nVia: 1\.0 fred\r\n[^]*\r\nVia: 1\.1 edge-1\r\n/);
    assert.match(second, /\r\nVia: 1\.0 edge-1\r\n/);
    await using plain = await HttpFixture.start([replica.port]);
    await using silent = await ask(plain.port, getOnce());
    assert.doesNotMatch(silent.text + (replica.requests[2] ?? ""), /via/i);
  });

  test("a PROXY header in pieces, with the request in the same segment, costs nothing", async () => {
    await using replica = await RecordingReplica.start();
    const options = { proxyTrusted: ["127.0.0.1"] };
    await using proxy = await HttpFixture.start([replica.port], { acceptProxy: true }, options);
    await using client = await TcpClient.open(proxy.port);
    client.socket.write("PROXY TCP4 203.0.113.9 192");
    await eventually(() => proxy.active === 1);
    const post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo";
    client.socket.write(`.0.2.1 4711 80\r\n${post}`);
    await eventually(() => replica.text.endsWith("bo"));
    client.socket.write(`dy${getOnce()}`);
    await eventually(() => client.ended);
    assert.equal(client.text.match(/200 OK/g)?.length, 2);
  });

  test("a replica that asks for it gets a PROXY header on each connection, and one connection per request", async () => {
    await using replica = await RecordingReplica.start();
    await using proxy = await HttpFixture.start([replica.port], { sendProxy: 1 });
    await using client = await ask(proxy.port, `${get()}${getOnce()}`);
    assert.equal(client.text.match(/200 OK/g)?.length, 2);
    assert.equal(replica.text.match(/PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1/g)?.length, 2);
    assert.equal(replica.sockets.length, 2);
  });

  test("a client that is kept out is told so", async () => {
    await using replica = await RecordingReplica.start();
    await using proxy = await HttpFixture.start([replica.port], { deny: ["127.0.0.0/8"] });
    await using client = await ask(proxy.port, get());
    assert.match(client.text, /^HTTP\/1\.1 403 Forbidden\r\n[^]*\r\n\r\ndenied\n$/);
    assert.equal(replica.text, "");
    await eventually(() => proxy.closed.denied === 1);
  });
});

suite("bodies", () => {
  for (const kind of ["with a length", "in chunks"] as const) {
    test(`64 MiB up and down ${kind} arrive as they were sent`, async () => {
      const piece = randomBytes(1024 * 1024);
      const count = 64;
      const length = kind === "with a length" ? String(count * piece.length) : undefined;
      await using replica = await nodeReplica((request, response) => {
        const hash = createHash("sha256");
        request.on("data", (bytes: Buffer) => hash.update(bytes));
        request.on("end", () => {
          response.setHeader("x-hash", hash.digest("hex"));
          if (length !== undefined) response.setHeader("content-length", length);
          void pour((bytes) => response.write(bytes), response, { piece, count }).then(() =>
            response.end(),
          );
        });
      });
      await using proxy = await HttpFixture.start([replica.port]);
      const { request } = await import("node:http");
      const headers = length === undefined ? {} : { "content-length": length };
      const sent = request({ port: proxy.port, host: "127.0.0.1", method: "PUT", headers });
      const answered = once(sent, "response");
      await pour((bytes) => sent.write(bytes), sent, { piece, count });
      sent.end();
      const [response] = await answered;
      const hash = createHash("sha256");
      for await (const bytes of response) hash.update(bytes);
      const whole = createHash("sha256");
      for (let index = 0; index < count; index += 1) whole.update(piece);
      const want = whole.digest("hex");
      assert.equal(response.headers["x-hash"], want);
      assert.equal(hash.digest("hex"), want);
      await eventually(() => proxy.received > count * piece.length);
      sent.destroy();
    });
  }

  test("a client that does not read holds the replica back", async () => {
    // Both connections' buffers, and as much again for what the two programs hold.
    const most = 2 * mostInKernel() + 16 * 1024 * 1024;
    let taken = 0;
    await using replica = await nodeReplica((_, response) => {
      const more = (): void => {
        let takesMore = true;
        while (takesMore && taken < most + 64 * 1024 * 1024) {
          takesMore = response.write(Buffer.alloc(65_536));
          taken += 65_536;
        }
      };
      response.on("drain", more);
      more();
    });
    await using proxy = await HttpFixture.start([replica.port]);
    await using client = await TcpClient.open(proxy.port);
    client.socket.pause();
    client.socket.write(get());
    await untilStill(() => taken);
    assert.ok(taken < most, `${taken} bytes were taken for a client that reads none`);
  });

  test("trailers go both ways, and those that would change the message do not (W20)", async () => {
    const answer =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n1\r\nx\r\n0\r\nX-Sum: 7\r\nSet-Cookie: a=b\r\n\r\n";
    await using replica = await RecordingReplica.start(answer);
    await using proxy = await HttpFixture.start([replica.port]);
    const chunks = "1\r\ny\r\n0\r\nX-Up: 1\r\nAuthorization: no\r\n\r\n";
    const request = `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`;
    await using client = await ask(proxy.port, request);
    assert.match(client.text, /1\r\nx\r\n0\r\nX-Sum: 7\r\n\r\n$/);
    assert.match(replica.text, /1\r\ny\r\n0\r\nX-Up: 1\r\n\r\n$/);
  });

  test("the first bytes of an answer come before the others exist (W19)", async () => {
    await using replica = await answering((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
      setTimeout(() => socket.write("data: 1\n\n"), 50);
    });
    await using proxy = await HttpFixture.start([replica.port]);
    await using client = await TcpClient.open(proxy.port);
    client.socket.write(get());
    await eventually(() => client.text.endsWith("\r\n\r\n"), { what: "the head alone" });
    await eventually(() => client.text.endsWith("data: 1\n\n\r\n"));
  });
});

suite("words before the answer (W16)", () => {
  const expecting =
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";

  test("100 Continue is the replica's to say", async () => {
    let heads = "";
    await using replica = await answering((socket, head) => {
      heads += head;
      socket.write("HTTP/1.1 100 Continue\r\n\r\n");
      socket.on("data", (bytes) => {
        if (bytes.toString().endsWith("body")) saying("done")(socket);
      });
    });
    await using proxy = await HttpFixture.start([replica.port]);
    await using client = await TcpClient.open(proxy.port);
    client.socket.write(expecting);
    await eventually(() => client.text === "HTTP/1.1 100 Continue\r\n\r\n");
    client.socket.write("body");
    await eventually(() => client.text.endsWith("done"));
    assert.match(heads, /\r\nExpect: 100-continue\r\n/);
  });

  for (const status of ["417 Expectation Failed", "413 Content Too Large"]) {
    test(`${status} instead ends the connection, and no body is asked for`, async () => {
      await using replica = await answering((socket) => {
        socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`);
      });
      await using proxy = await HttpFixture.start([replica.port]);
      await using client = await ask(proxy.port, expecting);
      assert.ok(client.text.startsWith(`HTTP/1.1 ${status}\r\n`));
      assert.match(client.text, /\r\nConnection: close\r\n/);
    });
  }

  test("103 Early Hints goes on, also to HEAD; a client of version 1.0 gets none", async () => {
    const hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n";
    await using replica = await answering((socket) => {
      socket.write(hints);
      saying("done")(socket);
    });
    await using proxy = await HttpFixture.start([replica.port]);
    await using modern = await ask(proxy.port, getOnce());
    assert.ok(modern.text.startsWith(hints));
    await using old = await ask(proxy.port, "GET / HTTP/1.0\r\n\r\n");
    assert.ok(old.text.startsWith("HTTP/1.1 200 OK\r\n"));
  });
});

suite("which connections last", () => {
  const rows = [
    { reuse: "keep-alive", clients: 1, replicas: 1, asked: /^(?!.*Connection:)/s },
    { reuse: "server-close", clients: 1, replicas: 3, asked: /\r\nConnection: close\r\n/ },
    { reuse: "close", clients: 3, replicas: 3, asked: /\r\nConnection: close\r\n/ },
  ] as const;
  for (const { reuse, clients, replicas, asked } of rows) {
    test(`${reuse}: ${clients} of the client and ${replicas} of the replica for three requests`, async () => {
      await using replica = await RecordingReplica.start();
      await using proxy = await HttpFixture.start([replica.port], { httpReuse: reuse });
      let answers = 0;
      let connections = 0;
      while (answers < 3) {
        connections += 1;
        await using client = await TcpClient.open(proxy.port);
        for (let here = 1; answers < 3 && !client.ended; here += 1) {
          client.socket.write(get());
          await eventually(() => (client.text.match(/200 OK/g)?.length ?? 0) === here);
          answers += 1;
          if (/Connection: close/.test(client.text)) await eventually(() => client.ended);
        }
      }
      assert.equal(connections, clients);
      assert.equal(replica.sockets.length, replicas);
      assert.match(replica.requests[0] ?? "", asked);
    });
  }

  test("a replica's hint shortens how long its connection is kept", async () => {
    const answer = "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 0\r\n\r\n";
    await using replica = await RecordingReplica.start(answer);
    await using proxy = await HttpFixture.start([replica.port]);
    await using one = await ask(proxy.port, getOnce());
    await using two = await ask(proxy.port, getOnce());
    assert.ok(one.text.includes("200") && two.text.includes("200"));
    assert.equal(replica.sockets.length, 2);
  });

  test("a client of version 1.0 that asks for it keeps its connection", async () => {
    await using replica = await RecordingReplica.start();
    await using proxy = await HttpFixture.start([replica.port]);
    const request = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    await using client = await ask(proxy.port, request, (text) => text.endsWith("\r\n\r\n"));
    assert.match(client.text, /\r\nConnection: keep-alive\r\n/);
    client.socket.write("GET / HTTP/1.0\r\n\r\n");
    await eventually(() => client.ended);
    assert.equal(client.text.match(/200 OK/g)?.length, 2);
  });
});

async function pour(
  write: (bytes: Buffer) => boolean,
  stream: NodeJS.EventEmitter,
  { piece, count }: { readonly piece: Buffer; readonly count: number },
): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    if (!write(piece)) await once(stream, "drain");
  }
}
