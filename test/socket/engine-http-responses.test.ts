import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { answering, ask, get, getOnce, saying } from "../support/http-exchange.ts";
import { HttpFixture } from "../support/http-fixture.ts";

const ok = "HTTP/1.1 200 OK\r\n";

const unbelievable = [
  {
    name: "both framings",
    bytes: `${ok}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  },
  { name: "a list of lengths", bytes: `${ok}Content-Length: 2, 2\r\n\r\nxx` },
  { name: "two lengths", bytes: `${ok}Content-Length: 2\r\nContent-Length: 2\r\n\r\nxx` },
  { name: "a signed length", bytes: `${ok}Content-Length: +2\r\n\r\nxx` },
  {
    name: "chunks in version 1.0",
    bytes: "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  },
  { name: "two codings", bytes: `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n` },
  { name: "a CR in the reason", bytes: "HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n" },
  { name: "a bare LF", bytes: "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n" },
  { name: "a NUL in a value", bytes: `${ok}X: a\0b\r\n\r\n` },
  { name: "a folded field", bytes: `${ok}X: a\r\n b\r\nContent-Length: 0\r\n\r\n` },
  { name: "a space before the colon", bytes: `${ok}Content-Length : 0\r\n\r\n` },
  { name: "no colon", bytes: `${ok}nonsense\r\n\r\n` },
  { name: "another protocol", bytes: "SSH-2.0-OpenSSH\r\n\r\n" },
  { name: "version 2", bytes: "HTTP/2 200\r\n\r\n" },
  { name: "a status of two digits", bytes: "HTTP/1.1 20 OK\r\n\r\n" },
  { name: "a head of 1 MiB", bytes: `${ok}X: ${"a".repeat(1024 * 1024)}\r\n\r\n` },
  { name: "300 fields", bytes: `${ok}${"X: a\r\n".repeat(300)}\r\n` },
  {
    name: "10,000 words before the answer",
    bytes: `${"HTTP/1.1 102 Processing\r\n\r\n".repeat(10_000)}${ok}\r\n`,
  },
  {
    name: "a change of protocol that nobody asked for",
    bytes: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
  },
  { name: "half a head", bytes: `${ok}Content-Le`, ends: true },
] as const;

suite("answers that are not believed (W04)", () => {
  for (const { name, bytes, ...how } of unbelievable) {
    test(`${name}: 502, and the replica's connection is gone`, async () => {
      await using replica = await answering((socket) => {
        socket.write(bytes, "latin1");
        if ("ends" in how) socket.end();
      });
      await using proxy = await HttpFixture.start([replica.port]);
      await using client = await ask(proxy.port, get());
      const interim = (client.text.match(/HTTP\/1\.1 1/g) ?? []).length;
      assert.ok(interim <= 16);
      assert.match(client.text, /HTTP\/1\.1 502 Bad Gateway\r\n/);
      assert.match(client.text, /\r\n\r\nupstream-(malformed|reset)\n$/);
      await eventually(() => replica.sockets.every(({ closed }) => closed));
      assert.equal(replica.sockets.length, 1, "an answer that came is not asked for again");
      await eventually(() => proxy.active === 0);
      assert.ok(proxy.balanced);
      assert.equal(proxy.load(1), 0);
    });
  }
});

const cutOff = [
  { name: "fewer bytes than the length says", bytes: `${ok}Content-Length: 10\r\n\r\nhalf` },
  { name: "no last chunk", bytes: `${ok}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n` },
  { name: "half a chunk", bytes: `${ok}Transfer-Encoding: chunked\r\n\r\n9\r\nhalf` },
  {
    name: "a bad chunk size",
    bytes: `${ok}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n`,
    outcome: "upstream-malformed",
  },
  {
    name: "a chunk longer than it says",
    bytes: `${ok}Transfer-Encoding: chunked\r\n\r\n4\r\nhalfs\r\n0\r\n\r\n`,
    outcome: "upstream-malformed",
  },
] as const;

suite("answers that are cut off (W05)", () => {
  for (const { name, bytes, ...how } of cutOff) {
    test(`${name}: the client cannot take it for whole`, async () => {
      await using replica = await answering((socket) => {
        socket.write(bytes);
        setTimeout(() => socket.end(), 20);
      });
      await using proxy = await HttpFixture.start([replica.port]);
      await using client = await ask(proxy.port, get());
      await eventually(() => client.closed);
      assert.equal(client.error?.code, "ECONNRESET");
      assert.ok(!client.text.endsWith("0\r\n\r\n"));
      const outcome = "outcome" in how ? how.outcome : "upstream-reset";
      await eventually(() => proxy.closed[outcome] === 1);
    });
  }

  test("a body that ends with its connection is whole, and goes on in chunks", async () => {
    await using replica = await answering((socket) => socket.end(`${ok}\r\nall of it`));
    await using proxy = await HttpFixture.start([replica.port]);
    await using client = await ask(proxy.port, get(), (text) => text.endsWith("0\r\n\r\n"));
    assert.match(client.text, /Transfer-Encoding: chunked\r\n\r\n9\r\nall of it\r\n0\r\n\r\n$/);
  });

  test("to a client of version 1.0 it ends with the connection", async () => {
    await using replica = await answering((socket) => socket.end(`${ok}\r\nall of it`));
    await using proxy = await HttpFixture.start([replica.port]);
    await using client = await ask(proxy.port, "GET / HTTP/1.0\r\n\r\n");
    assert.match(client.text, /\r\n\r\nall of it$/);
    assert.doesNotMatch(client.text, /Transfer-Encoding/);
  });
});

suite("answers that nobody asked for (W07)", () => {
  test("what follows an answer reaches nobody, and its connection is not used again", async () => {
    await using replica = await answering((socket, _, index) => {
      if (index === 0)
        socket.write(`${ok}Content-Length: 1\r\n\r\n1${ok}Content-Length: 6\r\n\r\npoison`);
      else saying(String(index + 1))(socket);
    });
    await using proxy = await HttpFixture.start([replica.port]);
    for (const want of ["1", "2", "3"]) {
      await using client = await ask(proxy.port, getOnce());
      assert.ok(client.text.endsWith(`\r\n\r\n${want}`), client.text);
      assert.ok(!client.text.includes("poison"));
    }
    assert.equal(replica.sockets.length, 2);
  });

  test("what comes while a connection is idle ends it", async () => {
    await using replica = await answering((socket, _, index) => {
      saying(String(index + 1))(socket);
      if (index === 0) setTimeout(() => socket.write(`${ok}Content-Length: 6\r\n\r\npoison`), 20);
    });
    await using proxy = await HttpFixture.start([replica.port]);
    await using first = await ask(proxy.port, getOnce());
    await eventually(() => replica.sockets[0]?.closed === true);
    await using second = await ask(proxy.port, getOnce());
    assert.match(first.text, /\r\n\r\n1$/);
    assert.match(second.text, /\r\n\r\n2$/);
    assert.equal(replica.sockets.length, 2);
  });

  test("an answer before the end of the request is passed on, and the connection is not used again", async () => {
    await using replica = await answering((socket, head) => {
      if (head.startsWith("POST"))
        socket.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
      else saying("next")(socket);
    });
    await using proxy = await HttpFixture.start([replica.port]);
    const half = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\nhalf";
    await using client = await ask(proxy.port, half, (text) => text.includes("413"));
    client.socket.write(`bodys!${getOnce()}`);
    await eventually(() => client.text.endsWith("next"));
    assert.equal(replica.sockets.length, 2);
  });
});

const framed = [
  {
    name: "HEAD with a length",
    method: "HEAD",
    answer: `${ok}Content-Length: 5\r\n\r\n`,
    want: /200 OK\r\nContent-Length: 5\r\n/,
  },
  {
    name: "HEAD in chunks",
    method: "HEAD",
    answer: `${ok}Transfer-Encoding: chunked\r\n\r\n`,
    want: /200 OK\r\n/,
  },
  {
    name: "204",
    method: "GET",
    answer: "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
    want: /204 No Content\r\n(?!Content-Length)/,
  },
  {
    name: "304 with a length",
    method: "GET",
    answer: "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    want: /304 Not Modified\r\nContent-Length: 5\r\n/,
  },
  {
    name: "a length of 0",
    method: "GET",
    answer: `${ok}Content-Length: 0\r\n\r\n`,
    want: /Content-Length: 0\r\n/,
  },
] as const;

suite("answers without a body (W18)", () => {
  for (const { name, method, answer, want } of framed) {
    test(`${name}: no byte of a body, and the next answer is its own`, async () => {
      await using replica = await answering((socket, _, index) => {
        if (index === 0) socket.write(answer);
        else saying("next")(socket);
      });
      await using proxy = await HttpFixture.start([replica.port]);
      const requests = `${method} / HTTP/1.1\r\nHost: a.test\r\n\r\n${getOnce()}`;
      await using client = await ask(proxy.port, requests);
      assert.match(client.text, want);
      const [first = ""] = client.text.split("\r\n\r\n", 1);
      assert.ok(client.text.slice(first.length + 4).startsWith("HTTP/1.1 200"), client.text);
      assert.match(client.text, /\r\n\r\nnext$/);
      assert.equal(replica.sockets.length, 1, "the connection is used again");
    });
    test(`${name}, with bytes of a body all the same: they reach nobody`, async () => {
      await using replica = await answering((socket, _, index) => {
        if (index === 0) socket.write(`${answer}LEAK!`);
        else saying("next")(socket);
      });
      await using proxy = await HttpFixture.start([replica.port]);
      const requests = `${method} / HTTP/1.1\r\nHost: a.test\r\n\r\n${getOnce()}`;
      await using client = await ask(proxy.port, requests);
      assert.ok(!client.text.includes("LEAK"));
      assert.match(client.text, /\r\n\r\nnext$/);
    });
  }
});
