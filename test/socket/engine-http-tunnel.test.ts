import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { suite, test } from "node:test";
import { WebSocket } from "undici";
import type { RequestTally } from "../../src/engine/http/request-tally.ts";
import { eventually } from "../support/eventually.ts";
import { answering, ask, closed, saying } from "../support/http-exchange.ts";
import { HttpFixture } from "../support/http-fixture.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { echo } from "../support/tcp-replica.ts";
import { startWebSocketReplica } from "../support/websocket-replica.ts";

const wish = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n";
const yes = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n";

/** Accepts the change, then echoes. */
function changing(socket: Socket): void {
  socket.removeAllListeners("data");
  socket.removeAllListeners("end");
  socket.write(yes);
  echo(socket);
}

suite("a change of protocol (W11)", () => {
  test("is a tunnel once the replica has agreed; the bytes of both sides are kept", async () => {
    await using replica = await answering((socket) => {
      socket.removeAllListeners("data");
      socket.write(`${yes}hello `);
      echo(socket);
    });
    await using proxy = await HttpFixture.start([replica.port]);
    await using client = await ask(proxy.port, wish, (text) => text.endsWith("hello "));
    assert.ok(client.text.startsWith(yes));
    client.socket.write("one ");
    await eventually(() => client.text.endsWith("hello one "));
    assert.equal(proxy.load(1), 1);
    client.socket.end("two");
    await eventually(() => client.text.endsWith("one two"));
    replica.sockets[0]?.end();
    await eventually(() => client.ended);
    await eventually(() => proxy.closed.completed === 1);
    assert.equal(proxy.load(1), 0);
    assert.ok(proxy.balanced);
  });

  test("makes a client stay on its replica, and names this proxy, as any other answer does", async () => {
    await using replica = await answering(changing);
    const policy = { stickyCookie: "stay", via: "edge-1" };
    await using proxy = await HttpFixture.start([replica.port], policy);
    await using client = await ask(proxy.port, wish, (text) => text.endsWith("\r\n\r\n"));
    assert.match(client.text, /^HTTP\/1\.1 101 /);
    assert.match(client.text, /\r\nSet-Cookie: stay=[0-9a-f]{16}; Path=\/; HttpOnly\r\n/);
    assert.match(client.text, /\r\nVia: 1\.1 edge-1\r\n/);
  });

  test("what a client says before it is answered waits for the answer", async () => {
    let agree: (() => void) | undefined;
    await using replica = await answering((socket) => {
      agree = () => changing(socket);
    });
    await using proxy = await HttpFixture.start([replica.port]);
    await using client = await TcpClient.open(proxy.port);
    client.socket.write(`${wish}early `);
    await eventually(() => agree !== undefined);
    client.socket.write("bird");
    agree?.();
    await eventually(() => client.text === `${yes}early bird`);
  });

  test("is the end of its request: how long the tunnel lasts is no time of the request's", async () => {
    const counted: (readonly [status: number, seconds: number])[] = [];
    const requests: RequestTally = {
      answered: (_, { status }, seconds) => void counted.push([status, seconds]),
    };
    await using replica = await answering(changing);
    await using proxy = await HttpFixture.start([replica.port], {}, { requests });
    await using client = await ask(proxy.port, wish, (text) => text.startsWith(yes));
    await eventually(() => counted.length === 1);
    assert.equal(counted[0]?.[0], 101);
    client.socket.end("bye");
    await eventually(() => client.ended && proxy.closed.completed === 1);
    assert.equal(counted.length, 1);
  });

  test("16 MiB both ways through a WebSocket of a client package arrive whole", async () => {
    await using replica = await startWebSocketReplica();
    await using proxy = await HttpFixture.start([replica.port]);
    const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/chat`);
    socket.binaryType = "arraybuffer";
    await once(socket, "open");
    const sent = randomBytes(16 * 1024 * 1024);
    const received: Buffer[] = [];
    socket.addEventListener("message", ({ data }) => received.push(Buffer.from(data)));
    socket.send(sent);
    await eventually(() => received.reduce((sum, { length }) => sum + length, 0) === sent.length);
    assert.ok(Buffer.concat(received).equals(sent));
    socket.close();
    await eventually(() => proxy.active === 0);
  });

  test("a replica that says no is passed on, and the connection ends", async () => {
    await using replica = await answering((socket) => {
      socket.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    });
    await using proxy = await HttpFixture.start([replica.port]);
    await using client = await ask(proxy.port, wish);
    assert.match(client.text, /^HTTP\/1\.1 403 Forbidden\r\n[^]*\r\nConnection: close\r\n\r\nno$/);
  });

  test("a replica that agrees to another protocol than none is not believed without its name", async () => {
    await using replica = await answering((socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\n\r\n");
    });
    await using proxy = await HttpFixture.start([replica.port]);
    await using client = await ask(proxy.port, wish);
    assert.match(client.text, /^HTTP\/1\.1 502 [^]*upstream-malformed\n$/);
  });

  test("nobody is up: 503", async () => {
    await using proxy = await HttpFixture.start([]);
    await using client = await ask(proxy.port, wish);
    assert.match(client.text, /^HTTP\/1\.1 503 /);
  });
});

suite("the end of a tunnel (W11)", () => {
  for (const how of ["end", "resetAndDestroy"] as const) {
    test(`a client that leaves by ${how} before it is answered: the replica's connection ends`, async () => {
      await using replica = await answering(() => undefined);
      await using proxy = await HttpFixture.start([replica.port]);
      await using client = await TcpClient.open(proxy.port);
      client.socket.write(wish);
      await eventually(() => replica.sockets.length === 1 && proxy.load(1) === 1);
      client.socket[how]();
      await closed(replica.sockets[0]);
      await eventually(() => proxy.active === 0);
    });
  }

  test("a reset on one side of the tunnel is one on the other", async () => {
    await using replica = await answering(changing);
    await using proxy = await HttpFixture.start([replica.port]);
    await using client = await ask(proxy.port, wish, (text) => text === yes);
    client.socket.resetAndDestroy();
    await closed(replica.sockets[0]);
    await eventually(() => proxy.closed["client-reset"] === 1);
  });

  test("a wish behind an unanswered request ends the connection", async () => {
    await using replica = await answering(() => undefined);
    await using proxy = await HttpFixture.start([replica.port]);
    await using client = await TcpClient.open(proxy.port);
    client.socket.write(`GET / HTTP/1.1\r\nHost: a\r\n\r\n${wish}`);
    await eventually(() => client.closed);
    await eventually(() => proxy.active === 0);
  });

  test("after an answered request it is as good as a first one", async () => {
    await using replica = await answering((socket, head) => {
      if (head.startsWith("GET /chat")) changing(socket);
      else saying("done")(socket);
    });
    await using proxy = await HttpFixture.start([replica.port]);
    const plain = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    await using client = await ask(proxy.port, plain, (text) => text.endsWith("done"));
    client.socket.write(wish);
    await eventually(() => client.text.endsWith(yes));
    client.socket.write("echo");
    await eventually(() => client.text.endsWith("echo"));
  });

  test("the service may end: a tunnel goes on until it is aborted", async () => {
    await using replica = await answering(changing);
    await using proxy = await HttpFixture.start([replica.port]);
    await using client = await ask(proxy.port, wish, (text) => text === yes);
    await proxy.engine.stopAccepting();
    client.socket.write("still here");
    await eventually(() => client.text.endsWith("still here"));
    proxy.engine.abort("killed");
    await eventually(() => client.closed);
    await eventually(() => proxy.closed.killed === 1);
  });

  test("no byte for the idle time of the service ends a tunnel", async () => {
    await using replica = await answering(changing);
    await using proxy = await HttpFixture.start([replica.port], { idleMs: 100 });
    await using client = await ask(proxy.port, wish, (text) => text === yes);
    await eventually(() => client.closed);
    await eventually(() => proxy.closed["idle-timeout"] === 1);
  });
});
