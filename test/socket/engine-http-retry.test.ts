import assert from "node:assert/strict";
import { Agent, get as httpGet } from "node:http";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { answering, ask, get, getOnce, saying } from "../support/http-exchange.ts";
import { HttpFixture } from "../support/http-fixture.ts";
import { TcpReplica } from "../support/tcp-replica.ts";

function post(body = "x"): string {
  return `POST / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

test("a replica that refuses costs no client anything, whatever the method", async () => {
  await using replica = await answering(saying("served"));
  const gone = await freePort();
  await using proxy = await HttpFixture.start([gone, replica.port], { balance: "roundrobin" });
  for (const request of [getOnce(), post(), post(), getOnce()]) {
    await using client = await ask(proxy.port, request);
    assert.match(client.text, /200 OK[^]*served$/);
  }
});

test("nobody is up: 503 that says when to ask again", async () => {
  await using proxy = await HttpFixture.start([]);
  await using client = await ask(proxy.port, get());
  assert.match(client.text, /^HTTP\/1\.1 503 Service Unavailable\r\n/);
  assert.match(client.text, /\r\nRetry-After: \d+\r\n/);
  assert.match(client.text, /\r\nConnection: close\r\n/);
  assert.match(client.text, /\r\n\r\nno-replica\n$/);
  await eventually(() => proxy.closed["no-replica"] === 1);
});

test("everybody refuses: 502 with the class of the reason", async () => {
  await using proxy = await HttpFixture.start([await freePort(), await freePort()]);
  await using client = await ask(proxy.port, get());
  assert.match(client.text, /^HTTP\/1\.1 502 Bad Gateway\r\n[^]*\r\n\r\nupstream-refused\n$/);
  await eventually(() => proxy.closed["upstream-refused"] === 1);
});

test("an error page says nothing of what was asked (W22)", async () => {
  await using proxy = await HttpFixture.start([]);
  const request = "GET /secret-path HTTP/1.1\r\nHost: secret-host\r\nX: secret-field\r\n\r\n";
  await using client = await ask(proxy.port, request);
  assert.doesNotMatch(client.text, /secret|node|portolan/i);
});

test("a replica that ends a new connection without a word: GET goes to another one", async () => {
  await using bad = await TcpReplica.start((socket) =>
    socket.on("data", () => socket.resetAndDestroy()),
  );
  await using good = await answering(saying("served"));
  const replicas = [bad.port, good.port];
  await using proxy = await HttpFixture.start(replicas, { balance: "roundrobin" });
  for (let asked = 0; proxy.retries === 0 && asked < 4; asked += 1) {
    await using client = await ask(proxy.port, getOnce());
    assert.match(client.text, /served$/);
  }
  assert.equal(proxy.retries, 1);
});

test("what may have been done is not repeated elsewhere: 502", async () => {
  await using bad = await answering((socket) => socket.resetAndDestroy());
  await using proxy = await HttpFixture.start([bad.port]);
  await using client = await ask(proxy.port, post());
  assert.match(client.text, /^HTTP\/1\.1 502 [^]*upstream-reset\n$/);
  assert.equal(bad.sockets.length, 1);
});

test("all replicas end connections without a word: the second one is the last that is tried", async () => {
  let heads = 0;
  const drop = (): Promise<TcpReplica> =>
    answering((socket) => {
      heads += 1;
      socket.destroy();
    });
  await using one = await drop();
  await using two = await drop();
  await using three = await drop();
  await using proxy = await HttpFixture.start([one.port, two.port, three.port]);
  await using client = await ask(proxy.port, getOnce());
  assert.match(client.text, /^HTTP\/1\.1 502 /);
  assert.equal(heads, 2);
});

test("a kept connection that ended is replaced by a new one to the same replica, for what may be repeated", async () => {
  // Ends each connection in the moment the second request on it arrives: the client cannot know before.
  const replica = await TcpReplica.start((socket) => {
    let asked = 0;
    socket.on("data", () => {
      asked += 1;
      if (asked > 1) socket.destroy();
      else saying("served")(socket);
    });
  });
  await using _ = replica;
  await using proxy = await HttpFixture.start([replica.port]);
  for (let round = 0; round < 10; round += 1) {
    await using client = await ask(proxy.port, getOnce());
    assert.match(client.text, /served$/, `round ${round}`);
  }
  assert.equal(proxy.closed.completed, 10);
  assert.ok(proxy.retries >= 5);
});

test("a request whose body turns out to be empty is whole on its second connection as well", async () => {
  await using replica = await TcpReplica.start((socket) => {
    let asked = 0;
    socket.on("data", (bytes: Buffer) => {
      asked += 1;
      if (asked > 1) socket.destroy();
      else if (/^GET|\r\n0\r\n\r\n$/.test(bytes.toString())) saying("served")(socket);
    });
  });
  await using proxy = await HttpFixture.start([replica.port]);
  const request = "DELETE / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  const isDone = (text: string): boolean => text.split("served").length === 3;
  await using client = await ask(proxy.port, `${get()}${request}`, isDone);
  assert.equal(client.text.match(/200 OK/g)?.length, 2);
  assert.equal(proxy.retries, 1);
});

test("what must not be repeated takes no connection that has idled for a second, and is not sent twice", async () => {
  let posts = 0;
  await using replica = await TcpReplica.start((socket) => {
    let asked = 0;
    socket.on("data", (bytes: Buffer) => {
      asked += 1;
      if (bytes.toString().startsWith("POST")) posts += 1;
      if (asked > 1) socket.destroy();
      else saying("served")(socket);
    });
  });
  await using proxy = await HttpFixture.start([replica.port]);
  await using first = await ask(proxy.port, getOnce());
  assert.match(first.text, /served$/);
  await using second = await ask(proxy.port, `${get()}${post()}`);
  assert.match(second.text, /servedHTTP\/1\.1 502 /, "lost in the race, and not repeated");
  assert.equal(posts, 1);
  await using third = await ask(proxy.port, get(), (text) => text.endsWith("served"));
  await new Promise((resolve) => setTimeout(resolve, 1100));
  third.socket.write(post());
  await eventually(() => third.ended);
  assert.match(third.text, /served[^]*served$/, "on a new connection");
  assert.equal(posts, 2);
});

test("what must not be repeated takes a new connection where it is the first request of its client", async () => {
  await using replica = await TcpReplica.start((socket) => {
    let asked = 0;
    socket.on("data", () => {
      asked += 1;
      if (asked > 1) socket.destroy();
      else saying("served")(socket);
    });
  });
  await using proxy = await HttpFixture.start([replica.port]);
  for (let round = 0; round < 3; round += 1) {
    await using first = await ask(proxy.port, getOnce());
    await using second = await ask(proxy.port, post());
    assert.match(first.text, /served$/);
    assert.match(second.text, /served$/);
  }
});

test("10,000 requests to a replica that ends connections at any time: none fails (W06)", async () => {
  let answered = 0;
  await using replica = await TcpReplica.start((socket) => {
    let left = 1 + Math.floor(Math.random() * 8);
    socket.on("data", () => {
      left -= 1;
      if (left < 0) {
        socket.destroy();
        return;
      }
      answered += 1;
      saying("served")(socket);
      // With the answer, a moment later, or only when the next request is on its way.
      if (left === 0 && Math.random() < 0.6) setTimeout(() => socket.end(), Math.random() * 2);
    });
  });
  await using proxy = await HttpFixture.start([replica.port]);
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const one = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const request = httpGet({ port: proxy.port, host: "127.0.0.1", agent }, (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
      });
      request.on("error", reject);
    });
  const statuses = new Map<number, number>();
  const worker = async (): Promise<void> => {
    for (let count = 0; count < 625; count += 1) {
      const status = await one();
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  agent.destroy();
  assert.deepEqual([...statuses], [[200, 10_000]]);
  assert.ok(answered >= 10_000);
  assert.ok(proxy.retries > 100, "the race was run");
});

test("a replica that takes a request and says nothing: 504, once", async () => {
  let heads = 0;
  await using replica = await answering(() => {
    heads += 1;
  });
  await using proxy = await HttpFixture.start([replica.port], { serverTimeoutMs: 100 });
  await using client = await ask(proxy.port, get());
  assert.match(client.text, /^HTTP\/1\.1 504 Gateway Timeout\r\n[^]*\r\n\r\nupstream-timeout\n$/);
  assert.equal(heads, 1);
  await eventually(() => replica.sockets[0]?.closed === true);
  await eventually(() => proxy.closed["upstream-timeout"] === 1);
});

test("a replica that falls silent in the middle of its answer: the client is reset", async () => {
  await using replica = await answering((socket) => {
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  });
  await using proxy = await HttpFixture.start([replica.port], { serverTimeoutMs: 100 });
  await using client = await ask(proxy.port, get());
  await eventually(() => client.closed);
  assert.equal(client.error?.code, "ECONNRESET");
});
