import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { suite, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { answering, ask, closed, get, getOnce, saying } from "../support/http-exchange.ts";
import { HttpFixture } from "../support/http-fixture.ts";
import { TcpClient } from "../support/tcp-client.ts";
import type { TcpReplica } from "../support/tcp-replica.ts";

/** Takes whoever has once sent a name by this scheme for that one, as long as the connection lasts. */
function loggingIn(scheme: string, challenge = `WWW-Authenticate: ${scheme}`): Promise<TcpReplica> {
  const names = new WeakMap<Socket, string>();
  return answering((socket, head) => {
    const name = new RegExp(`authorization: ${scheme} (\\w+)`, "i").exec(head)?.[1];
    if (name !== undefined) names.set(socket, name);
    const known = names.get(socket);
    if (known !== undefined) saying(`hello ${known}.`)(socket);
    else socket.write(`HTTP/1.1 401 Unauthorized\r\n${challenge}\r\nContent-Length: 0\r\n\r\n`);
  });
}

function login(scheme: string, name: string): string {
  return get().replace("\r\n\r\n", `\r\nAuthorization: ${scheme} ${name}\r\n\r\n`);
}

function answersIn({ text }: TcpClient): string[] {
  return [...text.matchAll(/HTTP\/1\.1 401|hello \w+/g)].map(String);
}

async function askAgain(client: TcpClient, request: string): Promise<void> {
  const before = answersIn(client).length;
  client.socket.write(request);
  await eventually(() => answersIn(client).length > before);
}

suite("a replica that logs in connections, not requests", () => {
  const rows = [
    { scheme: "NTLM", challenge: "WWW-Authenticate: NTLM" },
    { scheme: "Negotiate", challenge: 'WWW-Authenticate: Basic realm="a", negotiate' },
  ] as const;
  for (const { scheme, challenge } of rows) {
    test(`${scheme}: each client is who it said it was, on a connection of its own`, async () => {
      await using replica = await loggingIn(scheme, challenge);
      await using proxy = await HttpFixture.start([replica.port]);
      await using alice = await TcpClient.open(proxy.port);
      await using bob = await TcpClient.open(proxy.port);
      await askAgain(alice, get());
      await askAgain(bob, get());
      await askAgain(alice, login(scheme, "alice"));
      await askAgain(bob, get());
      await askAgain(bob, login(scheme, "bob"));
      await askAgain(alice, get());
      await askAgain(bob, get());
      assert.deepEqual(answersIn(alice), ["HTTP/1.1 401", "hello alice", "hello alice"]);
      assert.deepEqual(answersIn(bob), ["HTTP/1.1 401", "HTTP/1.1 401", "hello bob", "hello bob"]);
      assert.equal(replica.sockets.length, 2);
    });
  }

  test("who logs in unasked shares nothing either, and takes the connection along when it leaves", async () => {
    await using replica = await loggingIn("NTLM", "X: no offer");
    await using proxy = await HttpFixture.start([replica.port]);
    await using alice = await TcpClient.open(proxy.port);
    await askAgain(alice, login("NTLM", "alice"));
    await using other = await ask(proxy.port, getOnce());
    assert.deepEqual(answersIn(other), ["HTTP/1.1 401"]);
    alice.socket.end();
    await closed(replica.sockets[0]);
    await eventually(() => proxy.active === 0);
  });

  test("a replica that goes takes its logins with it: the client starts anew on another one", async () => {
    await using first = await loggingIn("NTLM");
    await using second = await loggingIn("NTLM");
    await using proxy = await HttpFixture.start([first.port]);
    await using alice = await TcpClient.open(proxy.port);
    await askAgain(alice, login("NTLM", "alice"));
    await proxy.retarget([second.port]);
    await askAgain(alice, get());
    assert.deepEqual(answersIn(alice), ["hello alice", "HTTP/1.1 401"]);
    await closed(first.sockets[0]);
  });
});
