import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { answering, ask, closed, get, getOnce, saying } from "../support/http-exchange.ts";
import { HttpFixture } from "../support/http-fixture.ts";
import { RecordingReplica } from "../support/http-replica.ts";
import { pour, untilStill } from "../support/pouring.ts";
import { TcpClient } from "../support/tcp-client.ts";

suite("a client that leaves (W08)", () => {
  for (const how of ["end", "destroy", "resetAndDestroy"] as const) {
    test(`${how} while it waits: the replica's connection ends at once`, async () => {
      await using replica = await answering(() => undefined);
      await using proxy = await HttpFixture.start([replica.port]);
      await using client = await TcpClient.open(proxy.port);
      client.socket.write(get());
      await eventually(() => replica.sockets.length === 1 && proxy.load(1) === 1);
      client.socket[how]();
      await closed(replica.sockets[0]);
      await eventually(() => proxy.active === 0);
      assert.equal(proxy.load(1), 0);
      assert.equal((proxy.closed["client-gone"] ?? 0) + (proxy.closed["client-reset"] ?? 0), 1);
    });

    test(`${how} in the middle of its body: likewise`, async () => {
      await using replica = await RecordingReplica.start();
      await using proxy = await HttpFixture.start([replica.port]);
      await using client = await TcpClient.open(proxy.port);
      client.socket.write("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
      await eventually(() => replica.text.endsWith("half"));
      client.socket[how]();
      await closed(replica.sockets[0]);
      await eventually(() => proxy.active === 0);
      assert.deepEqual(replica.requests, []);
    });
  }

  test("in the middle of its answer: likewise", async () => {
    await using replica = await answering((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    });
    await using proxy = await HttpFixture.start([replica.port]);
    await using client = await ask(proxy.port, get(), (text) => text.endsWith("half"));
    client.socket.destroy();
    await closed(replica.sockets[0]);
    await eventually(() => proxy.active === 0);
  });

  test("in the middle of a head: the connection ends, and nobody hears of it", async () => {
    await using replica = await RecordingReplica.start();
    await using proxy = await HttpFixture.start([replica.port]);
    await using client = await TcpClient.open(proxy.port);
    client.socket.end("GET / HTTP/1.1\r\nHo");
    await eventually(() => client.closed);
    await eventually(() => proxy.active === 0);
    assert.equal(client.text, "");
    assert.equal(replica.sockets.length, 0);
  });

  test("between two requests: a plain end", async () => {
    await using replica = await answering(saying("done"));
    await using proxy = await HttpFixture.start([replica.port]);
    await using client = await ask(proxy.port, get(), (text) => text.endsWith("done"));
    client.socket.end();
    await eventually(() => client.closed);
    assert.equal(client.error, undefined);
    await eventually(() => proxy.closed.completed === 1);
    assert.equal(replica.sockets[0]?.closed, false, "the replica's connection stays");
  });

  test("while the second of two requests sent at once waits: noticed as well", async () => {
    await using replica = await answering((socket, _, index) => {
      if (index === 0) saying("first")(socket);
    });
    await using proxy = await HttpFixture.start([replica.port]);
    await using client = await ask(proxy.port, get().repeat(2), (text) => text.endsWith("first"));
    await eventually(() => proxy.load(1) === 1);
    client.socket.destroy();
    await eventually(() => proxy.active === 0);
    await closed(replica.sockets[0]);
  });

  test("with requests waiting behind the running one: none of them is sent", async () => {
    let heads = 0;
    await using replica = await answering(() => {
      heads += 1;
    });
    await using proxy = await HttpFixture.start([replica.port]);
    await using client = await TcpClient.open(proxy.port);
    client.socket.write(get().repeat(1000));
    await eventually(() => heads === 1);
    client.socket.destroy();
    await eventually(() => proxy.active === 0);
    assert.equal(heads, 1);
  });
});

suite("a client that is slow", () => {
  test("to finish a head: 408 (W09)", async () => {
    await using replica = await RecordingReplica.start();
    const limits = { requestHeadMs: 100 };
    await using proxy = await HttpFixture.start([replica.port], {}, { limits });
    await using client = await ask(proxy.port, "GET / HTTP/1.1\r\nHost: a");
    assert.match(client.text, /^HTTP\/1\.1 408 Request Timeout\r\n[^]*client-timeout\n$/);
    assert.equal(replica.text, "");
    await eventually(() => proxy.closed["idle-timeout"] === 1);
  });

  test("to finish the head of its second request, or of what is no HTTP: likewise", async () => {
    await using replica = await answering(saying("done"));
    const limits = { requestHeadMs: 100 };
    await using proxy = await HttpFixture.start([replica.port], {}, { limits });
    await using client = await ask(proxy.port, get(), (text) => text.endsWith("done"));
    client.socket.write("GET /");
    await eventually(() => client.ended);
    assert.match(client.text, /done[^]*408 Request Timeout/);
    await using old = await ask(proxy.port, "GET /\r\n");
    assert.match(old.text, /^HTTP\/1\.1 4\d\d /);
  });

  test("to say anything at all: closed without a word", async () => {
    await using proxy = await HttpFixture.start([], { clientTimeoutMs: 50 });
    await using client = await TcpClient.open(proxy.port);
    await eventually(() => client.ended);
    assert.equal(client.text, "");
    await eventually(() => proxy.closed["idle-timeout"] === 1);
  });

  test("with its next request: closed, and that is no fault", async () => {
    await using replica = await answering(saying("done"));
    await using proxy = await HttpFixture.start([replica.port], { clientTimeoutMs: 50 });
    await using client = await ask(proxy.port, get());
    assert.match(client.text, /done$/);
    await eventually(() => proxy.closed.completed === 1);
  });

  test("with its body: 408, and the replica's connection ends (W10)", async () => {
    await using replica = await RecordingReplica.start();
    await using proxy = await HttpFixture.start([replica.port], { clientTimeoutMs: 100 });
    const half = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf";
    await using client = await ask(proxy.port, half);
    assert.match(client.text, /^HTTP\/1\.1 408 Request Timeout\r\n[^]*client-timeout\n$/);
    await closed(replica.sockets[0]);
  });

  test("to take its answer: reset, in its time", async () => {
    await using replica = await answering((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n");
      pour(socket);
    });
    const limits = { writeStallMs: 200 };
    await using proxy = await HttpFixture.start([replica.port], {}, { limits });
    await using client = await TcpClient.open(proxy.port);
    client.socket.pause();
    client.socket.write(get());
    await eventually(() => proxy.closed["write-stall"] === 1);
    await closed(replica.sockets[0]);
  });
});

suite("a client that takes its first answer late gets the second one whole", () => {
  const rows = [
    {
      name: "before what is said of the nonsense behind it",
      nonsense: "NONSENSE\r\n\r\n",
      more: [400],
    },
    { name: "also when the port closes meanwhile", nonsense: "", more: [] },
  ] as const;
  for (const { name, nonsense, more } of rows) {
    test(name, async () => {
      const most = await heldFor(undefined, async (proxy) => proxy.sent);
      // Somewhere here the answer has come whole, and a part of it is not yet with the kernel.
      for (const less of [80_000, 96_000, 112_000]) {
        const text = await heldFor(
          most - less,
          async (proxy, client) => {
            if (nonsense === "") void proxy.engine.stopAccepting();
            client.socket.resume();
            await eventually(() => client.ended);
            return abridged(client.text);
          },
          nonsense,
        );
        const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((found) =>
          Number(found[1]),
        );
        assert.deepEqual(statuses, [200, 200, ...more], `${less} less: ${text}`);
        assert.match(text, /\r\n\r\nfirstHTTP[^]*\r\n\r\nsecond/);
      }
    });
  }

  /** A long answer of one letter, which may be more than an expression can match, as "first". */
  function abridged(text: string): string {
    const long = "x".repeat(9);
    const [from, to] = [text.indexOf(long), text.lastIndexOf(long) + long.length];
    const isWhole = text.slice(from, to) === "x".repeat(to - from);
    return isWhole ? `${text.slice(0, from)}first${text.slice(to)}` : text.slice(0, 1000);
  }

  /** Asks for so many bytes, or endless ones, and for a second answer, reads nothing, and goes on once nothing moves any more. */
  async function heldFor<T>(
    length: number | undefined,
    then: (proxy: HttpFixture, client: TcpClient) => Promise<T>,
    behind = "",
  ): Promise<T> {
    await using replica = await answering((socket, head) => {
      if (head.startsWith("POST")) {
        saying("second")(socket);
        return;
      }
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length ?? 1e12}\r\n\r\n`);
      if (length === undefined) pour(socket);
      else socket.write(Buffer.alloc(length, "x"));
    });
    await using proxy = await HttpFixture.start([replica.port]);
    await using client = await TcpClient.open(proxy.port);
    client.socket.pause();
    const second = "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    client.socket.write(`${get("/1")}${second}${behind}`);
    await untilStill(() => proxy.sent);
    return await then(proxy, client);
  }
});

suite("an answer that comes before the end of its request", () => {
  const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n";
  const early = "HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nearly";

  test("the rest goes on to the replica, and the client's connection carries the next request", async () => {
    let text = "";
    await using replica = await answering((socket, _, index) => {
      if (index === 0) socket.on("data", (bytes: Buffer) => (text += bytes.toString()));
      socket.write(early);
    });
    await using proxy = await HttpFixture.start([replica.port]);
    await using client = await ask(proxy.port, `${head}\r\n`, (it) => it.endsWith("early"));
    for (const piece of ["one", "two"]) {
      client.socket.write(piece);
      await eventually(() => text.endsWith(piece));
    }
    client.socket.write(`six${get("/next")}`);
    await eventually(
      () => client.text.endsWith("early") && client.text.split("early").length === 3,
    );
    assert.equal(text, "onetwosix");
    assert.equal(replica.sockets.length, 2, "what answered early is not asked again");
    await eventually(() => proxy.load(1) === 0);
  });

  test("likewise where the client's connection ends with it, once the rest has come", async () => {
    let text = "";
    await using replica = await answering((socket, _, index) => {
      if (index === 0) socket.on("data", (bytes: Buffer) => (text += bytes.toString()));
      socket.write(early);
    });
    await using proxy = await HttpFixture.start([replica.port]);
    const asked = `${head}Connection: close\r\n\r\n`;
    await using client = await ask(proxy.port, asked, (it) => it.endsWith("early"));
    client.socket.write("one");
    await eventually(() => text.endsWith("one"));
    client.socket.write("twosix");
    await eventually(() => text.endsWith("onetwosix"));
    await eventually(() => client.ended);
    await eventually(() => proxy.closed.completed === 1);
  });

  test("and bytes that the replica adds to it reach nobody", async () => {
    await using replica = await answering((socket, _, index) => {
      if (index > 0) {
        saying("next")(socket);
        return;
      }
      socket.write(early);
      socket.once("data", () => socket.write("surplus"));
    });
    await using proxy = await HttpFixture.start([replica.port]);
    await using client = await ask(proxy.port, `${head}\r\n`, (it) => it.endsWith("early"));
    client.socket.write("one");
    await closed(replica.sockets[0]);
    client.socket.write(`twosix${get("/next")}`);
    await eventually(() => client.text.endsWith("next"));
    assert.doesNotMatch(client.text, /surplus/);
  });

  test("from a replica that closes then: the rest is read for nothing, as long as it comes", async () => {
    await using replica = await answering((socket, _, index) => {
      if (index === 0) socket.end(early);
      else saying("next")(socket);
    });
    const limits = { requestHeadMs: 200 };
    await using proxy = await HttpFixture.start([replica.port], {}, { limits });
    await using client = await ask(proxy.port, `${head}\r\n`, (it) => it.endsWith("early"));
    for (const piece of "onetwosix") {
      await new Promise((resolve) => setTimeout(resolve, 300));
      client.socket.write(piece);
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    client.socket.write(get("/next"));
    await eventually(() => client.text.endsWith("next"));
    assert.equal(client.text.match(/HTTP\/1\.1 \d+/g)?.join(), "HTTP/1.1 202,HTTP/1.1 200");
  });
});

test("a replica that answers early and closes, with a body on its way: its answer arrives", async () => {
  await using replica = await answering((socket) => {
    socket.pause();
    socket.write(
      "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig",
    );
    setImmediate(() => socket.destroy());
  });
  await using proxy = await HttpFixture.start([replica.port]);
  const piece = Buffer.alloc(65_536);
  for (let round = 0; round < 150; round += 1) {
    await using client = await TcpClient.open(proxy.port);
    const { socket } = client;
    socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1073741824\r\n\r\n");
    pour(socket, { piece, isOver: () => client.chunks.length > 0 });
    await eventually(() => client.text.endsWith("\n") || client.text.endsWith("big"));
    assert.match(client.text, /^HTTP\/1\.1 413 /, `round ${round}`);
  }
});

test("a replica that takes no more of a body: 504 in its time, not 408", async () => {
  await using replica = await answering((socket) => {
    socket.pause();
  });
  await using proxy = await HttpFixture.start([replica.port], {
    serverTimeoutMs: 200,
    clientTimeoutMs: 60_000,
  });
  await using client = await TcpClient.open(proxy.port);
  client.socket.write("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000000\r\n\r\n");
  pour(client.socket);
  await eventually(() => proxy.closed["upstream-timeout"] === 1);
});

test("a client that waits to be asked for its body keeps nobody waiting: 504, not 408", async () => {
  await using replica = await answering(() => undefined);
  const policy = { serverTimeoutMs: 200, clientTimeoutMs: 50 };
  await using proxy = await HttpFixture.start([replica.port], policy);
  const request = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
  await using client = await ask(proxy.port, request);
  assert.match(client.text, /^HTTP\/1\.1 504 /);
});

test("what a client sends ahead of its answers is not read without end", async () => {
  await using replica = await answering(() => undefined);
  await using proxy = await HttpFixture.start([replica.port]);
  await using client = await TcpClient.open(proxy.port);
  pour(client.socket, { piece: Buffer.from(get().repeat(1000)) });
  await eventually(() => replica.sockets.length === 1);
  await untilStill(() => client.socket.bytesWritten);
  assert.ok(client.socket.writableLength > 0, "some of it is still the client's");
  assert.equal(proxy.load(1), 1);
});

test("what is aborted is reset on both sides", async () => {
  await using replica = await answering(() => undefined);
  await using proxy = await HttpFixture.start([replica.port]);
  await using client = await TcpClient.open(proxy.port);
  client.socket.write(get());
  await eventually(() => replica.sockets.length === 1);
  await using idle = await TcpClient.open(proxy.port);
  await eventually(() => proxy.active === 2);
  proxy.engine.abort("killed");
  await eventually(() => client.closed && idle.closed);
  assert.equal(client.error?.code, "ECONNRESET");
  await closed(replica.sockets[0]);
  await eventually(() => proxy.closed.killed === 2);
  assert.ok(proxy.balanced);
});

test("a client beyond the limit of its service is reset", async () => {
  await using replica = await answering(saying("done"));
  await using proxy = await HttpFixture.start([replica.port], { maxConnections: 1 });
  await using first = await ask(proxy.port, get(), (text) => text.endsWith("done"));
  await using second = new TcpClient(proxy.port);
  await eventually(() => second.closed);
  await eventually(() => proxy.closed["connection-limit"] === 1);
  first.socket.write(getOnce());
  await eventually(() => first.ended);
});
