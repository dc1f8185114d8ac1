import assert from "node:assert/strict";
import { test } from "node:test";
import { toRoute } from "../support/engine-fixture.ts";
import type { AnsweredRequest } from "../../src/engine/http/request-tally.ts";
import { eventually } from "../support/eventually.ts";
import { answering, ask, closed, get, getOnce, saying } from "../support/http-exchange.ts";
import { HttpFixture, toHttpRoute } from "../support/http-fixture.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";

async function next(client: TcpClient, want: RegExp, request = get()): Promise<string> {
  const before = client.text.length;
  client.socket.write(request);
  await eventually(() => want.test(client.text.slice(before)), {
    what: `${want} in ${JSON.stringify(client.text.slice(before))}`,
  });
  return client.text.slice(before);
}

test("requests of one connection are balanced one by one", async () => {
  await using one = await answering(saying("one"));
  await using two = await answering(saying("two"));
  const replicas = [one.port, two.port];
  await using proxy = await HttpFixture.start(replicas, { balance: "roundrobin" });
  await using client = await TcpClient.open(proxy.port);
  const seen: string[] = [];
  for (let index = 0; index < 6; index += 1) {
    const text = await next(client, /(one|two)$/);
    seen.push(text.slice(-3));
  }
  assert.equal(seen.filter((name) => name === "one").length, 3);
  assert.equal(one.sockets.length, 1);
  assert.equal(two.sockets.length, 1);
});

test("the load of a replica is its requests in flight, not its connections", async () => {
  const held: (() => void)[] = [];
  await using slow = await answering((socket) => held.push(() => saying("slow")(socket)));
  await using fast = await answering(saying("fast"));
  await using proxy = await HttpFixture.start([slow.port, fast.port], { balance: "leastconn" });
  await using clients = new AsyncDisposableStack();
  while (held.length === 0) {
    const client = clients.use(await TcpClient.open(proxy.port));
    client.socket.write(get());
    await eventually(() => held.length > 0 || client.text.endsWith("fast"));
  }
  assert.equal(proxy.load(1), 1);
  for (let index = 0; index < 10; index += 1) {
    await using client = await ask(proxy.port, getOnce());
    assert.match(client.text, /fast$/);
  }
  for (const finish of held) finish();
  await eventually(() => proxy.load(1) === 0);
});

test("a replica gets no more requests at once than its limit; the rest wait, and too long a wait is 503", async () => {
  const held: (() => void)[] = [];
  await using replica = await answering((socket) => held.push(() => saying("served")(socket)));
  await using proxy = await HttpFixture.start([replica.port], {
    replicaLimit: 1,
    queueTimeoutMs: 60_000,
  });
  await using first = await TcpClient.open(proxy.port);
  first.socket.write(get());
  await eventually(() => held.length === 1);
  await using second = await TcpClient.open(proxy.port);
  second.socket.write(get());
  await eventually(() => proxy.active === 2);
  assert.equal(proxy.load(1), 1);
  held.shift()?.();
  await eventually(() => held.length === 1);
  held.shift()?.();
  await eventually(() => second.text.endsWith("served"));
  await proxy.retarget([replica.port], { replicaLimit: 1, queueTimeoutMs: 50 });
  first.socket.write(get());
  await eventually(() => held.length === 1);
  await using late = await ask(proxy.port, get());
  assert.match(late.text, /^HTTP\/1\.1 503 [^]*queue-timeout\n$/);
});

test("a route change touches no running request, and the next one of the connection follows it", async () => {
  const held: (() => void)[] = [];
  await using old = await answering((socket) => held.push(() => saying("old")(socket)));
  await using fresh = await answering(saying("new"));
  await using proxy = await HttpFixture.start([old.port]);
  await using client = await TcpClient.open(proxy.port);
  client.socket.write(get());
  await eventually(() => held.length === 1);
  await proxy.retarget([fresh.port]);
  held.shift()?.();
  await eventually(() => client.text.endsWith("old"));
  await next(client, /new$/);
});

test("idle connections to a replica that leaves are closed", async () => {
  await using old = await answering(saying("old"));
  await using proxy = await HttpFixture.start([old.port]);
  await using client = await TcpClient.open(proxy.port);
  await next(client, /old$/);
  await proxy.retarget([]);
  await closed(old.sockets[0]);
});

test("a label that changes the mode is followed without a new listener: tcp to http and back (R05)", async () => {
  await using raw = await TcpReplica.start(named("raw"));
  await using web = await answering(saying("web"));
  await using proxy = await HttpFixture.start([]);
  await proxy.set(toRoute(proxy.port, [raw.port]));
  await using stream = await TcpClient.open(proxy.port);
  await eventually(() => stream.text === "raw\n");
  await proxy.set(toHttpRoute(proxy.port, [web.port]));
  await using client = await TcpClient.open(proxy.port);
  await next(client, /web$/);
  stream.socket.write("still here");
  await eventually(() => stream.text === "raw\nstill here");
  await proxy.set(toRoute(proxy.port, [raw.port]));
  await eventually(() => client.ended, { what: "the end of an idle HTTP connection" });
  await using again = await TcpClient.open(proxy.port);
  await eventually(() => again.text === "raw\n");
  const reports = proxy.reports.filter(({ kind }) => kind === "listening" || kind === "closed");
  assert.equal(reports.length, 1);
});

test("a client whose first request is on the way when its port turns to tcp, or ends, is answered; who says nothing is let go (R05)", async () => {
  await using web = await answering(saying("web"));
  await using proxy = await HttpFixture.start([web.port]);
  const open = async (count: number): Promise<[TcpClient, TcpClient]> => {
    const clients = [await TcpClient.open(proxy.port), await TcpClient.open(proxy.port)] as const;
    await eventually(() => proxy.active === count);
    return [...clients];
  };
  const isServed = async (client: TcpClient): Promise<void> => {
    client.socket.write(get());
    await eventually(() => client.ended);
    assert.match(client.text, /^HTTP\/1\.1 200 [^]*\r\nConnection: close\r\n[^]*web$/);
  };
  const [late, silent] = await open(2);
  await proxy.set(toRoute(proxy.port, [web.port]));
  await isServed(late);
  await eventually(() => silent.ended);
  assert.equal(silent.text, "");
  await proxy.retarget([web.port]);
  const [later, mute] = await open(2);
  await proxy.engine.stopAccepting();
  await isServed(later);
  await eventually(() => mute.ended);
  await eventually(() => proxy.active === 0);
  for (const client of [late, silent, later, mute]) await client[Symbol.asyncDispose]();
});

test("every request is counted by how it was answered", async () => {
  const counted: [number, string, number][] = [];
  const requests = {
    answered: (row: number, { method, status }: AnsweredRequest, seconds: number) => {
      assert.ok(seconds >= 0);
      counted.push([row, method, status]);
    },
  };
  await using replica = await answering((socket, head) => {
    if (head.startsWith("GET /ok")) saying("ok")(socket);
    else if (head.startsWith("GET /bad")) socket.write("nonsense\r\n\r\n");
  });
  await using proxy = await HttpFixture.start([replica.port], {}, { requests });
  await using client = await ask(proxy.port, `${get("/ok")}${get("/ok")}${get("/bad")}`);
  assert.match(client.text, /502/);
  await using waiting = await TcpClient.open(proxy.port);
  waiting.socket.write(get("/wait"));
  await eventually(() => proxy.load(1) === 1);
  waiting.socket.destroy();
  await eventually(() => counted.length === 4);
  assert.deepEqual(counted, [
    [1, "GET", 200],
    [1, "GET", 200],
    [1, "GET", 502],
    [1, "GET", 0],
  ]);
  await using refused = await ask(proxy.port, "GET / HTTP/1.1\r\n\r\n");
  assert.match(refused.text, /^HTTP\/1\.1 400 /);
  assert.deepEqual(counted.at(-1), [1, "GET", 400]);
});

test("a cookie keeps a client on its replica while that one is up", async () => {
  await using one = await answering(saying("one"));
  await using two = await answering(saying("two"));
  const replicas = [one.port, two.port];
  const policy = { stickyCookie: "stay", balance: "roundrobin" } as const;
  await using proxy = await HttpFixture.start(replicas, policy);
  await using first = await ask(proxy.port, getOnce());
  const cookie = /\r\nSet-Cookie: (stay=[0-9a-f]{16}); Path=\/; HttpOnly\r\n/.exec(first.text)?.[1];
  const home = first.text.slice(-3);
  assert.ok(cookie !== undefined && !cookie.includes(String(one.port)));
  const withCookie = getOnce().replace("\r\n\r\n", `\r\nCookie: a=b; ${cookie}\r\n\r\n`);
  for (let index = 0; index < 5; index += 1) {
    await using client = await ask(proxy.port, withCookie);
    assert.ok(client.text.endsWith(home));
    assert.doesNotMatch(client.text, /Set-Cookie/);
  }
  await proxy.retarget(home === "one" ? [two.port] : [one.port], policy);
  await using moved = await ask(proxy.port, withCookie);
  assert.ok(!moved.text.endsWith(home));
  assert.match(moved.text, /Set-Cookie: stay=/);
  await using forged = await ask(
    proxy.port,
    getOnce().replace("\r\n\r\n", "\r\nCookie: stay=__proto__\r\n\r\n"),
  );
  assert.match(forged.text, /^HTTP\/1\.1 200/);
});

test("a draining replica finishes its request within the time it is given", async () => {
  const held: (() => void)[] = [];
  await using replica = await answering((socket) => held.push(() => saying("late")(socket)));
  await using proxy = await HttpFixture.start([replica.port], { drainMs: 60_000 });
  await using one = await TcpClient.open(proxy.port);
  one.socket.write(get());
  await eventually(() => held.length === 1);
  await proxy.retarget([], { drainMs: 60_000 });
  held.shift()?.();
  await eventually(() => one.text.endsWith("late"));
  await proxy.retarget([replica.port], { drainMs: 50 });
  one.socket.write(get());
  await eventually(() => held.length === 1);
  await proxy.retarget([], { drainMs: 50 });
  await eventually(() => one.closed);
  assert.equal(one.error?.code, "ECONNRESET");
  await eventually(() => proxy.closed.drained === 1);
});

test("where the service asks for it, the requests of a replica that goes down are answered for it", async () => {
  await using replica = await answering(() => undefined);
  await using proxy = await HttpFixture.start([replica.port], { closeOnDown: true });
  await using client = await TcpClient.open(proxy.port);
  client.socket.write(get());
  await eventually(() => replica.sockets.length === 1);
  const route = toHttpRoute(proxy.port, [replica.port], { closeOnDown: true });
  const replicas = route.replicas.map((one) => ({ ...one, state: "down" as const }));
  await proxy.set({ ...route, replicas });
  await eventually(() => client.ended);
  assert.match(client.text, /^HTTP\/1\.1 502 [^]*replica-down\n$/);
});

test("a service that ends: the running answer says so, idle clients are closed, nobody is cut off", async () => {
  const held: (() => void)[] = [];
  await using replica = await answering((socket, head) => {
    if (head.startsWith("GET /slow")) held.push(() => saying("late")(socket));
    else saying("quick")(socket);
  });
  await using proxy = await HttpFixture.start([replica.port]);
  await using idle = await TcpClient.open(proxy.port);
  await next(idle, /quick$/);
  await using busy = await TcpClient.open(proxy.port);
  busy.socket.write(get("/slow"));
  await eventually(() => held.length === 1);
  await proxy.engine.stopAccepting();
  await eventually(() => idle.ended);
  assert.equal(busy.ended, false);
  held.shift()?.();
  await eventually(() => busy.ended);
  assert.match(busy.text, /\r\nConnection: close\r\n[^]*late$/);
  await eventually(() => proxy.active === 0);
  assert.equal(proxy.closed.completed, 2);
  await eventually(() => replica.sockets.every((socket) => socket.closed));
});
