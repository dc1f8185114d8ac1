import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { promisify } from "node:util";
import { DnsServer, type DnsServerOptions } from "../../src/publish/dns/dns-server.ts";
import { framed, messagesIn } from "../../src/nameserver/frames.ts";
import type { Route } from "../../src/routing/table.ts";
import { eventually } from "../support/eventually.ts";
import { noIPv6 } from "../support/no-ipv6.ts";
import { keepingLogger } from "../support/running-source.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { freePortOfBoth } from "../support/udp-client.ts";
import { question, told, type Told } from "../unit/publish/dns-messages.ts";
import { route, routed, table } from "../unit/publish/tables.ts";

const digMissing: string | false =
  spawnSync("dig", ["-v"]).status === 0 ? false : "needs Debian's package bind9-dnsutils";

async function open(
  routes: readonly Route[],
  over: Partial<DnsServerOptions> = {},
): Promise<DnsServer> {
  const address = { host: "127.0.0.1", port: 0 };
  const server = await DnsServer.open({ address, logger: keepingLogger(), ...over });
  server.publish(table(routes));
  return server;
}

async function dig(server: DnsServer, ...args: string[]): Promise<string> {
  const where = ["@127.0.0.1", "-p", String(server.port), "+tries=1", "+time=5"];
  return (await promisify(execFile)("dig", [...where, ...args])).stdout;
}

async function ask(port: number, message: Buffer, host = "127.0.0.1"): Promise<Told> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  try {
    socket.send(message, port, host);
    const [reply] = await once(socket, "message", { signal: AbortSignal.timeout(10_000) });
    return told(reply);
  } finally {
    socket.close();
  }
}

const web = route("/demo/web", 8080, [
  routed("10.0.0.1:31001", { dialName: "agent-1.example" }),
  routed("10.0.0.2:31002"),
]);
const crowd = route(
  "/demo/crowd",
  8081,
  Array.from({ length: 300 }, (_, index) => routed(`10.1.${index >> 8}.${index & 255}:80`)),
);

for (const transport of ["+notcp", "+tcp"]) {
  test(`dig ${transport} reads every kind of answer`, { skip: digMissing }, async () => {
    await using server = await open([web]);
    const short = async (...args: string[]): Promise<string[]> =>
      (await dig(server, transport, "+short", ...args)).trim().split("\n").toSorted();
    assert.deepEqual(await short("web.demo.mmsd", "A"), ["10.0.0.1", "10.0.0.2"]);
    assert.deepEqual(await short("WEB.demo.MMSD", "SRV"), [
      "1 500 31001 agent-1.example.",
      "1 500 31002 10-0-0-2.addr.mmsd.",
    ]);
    assert.deepEqual(
      await short("_0._tcp.web.demo.mmsd", "SRV"),
      await short("web.demo.mmsd", "SRV"),
    );
    assert.deepEqual(await short("web.demo.mmsd", "TXT"), [
      '"index=0" "port=8080" "protocol=tcp" "mode=tcp"',
    ]);
    assert.deepEqual(await short("web.demo.mmsd", "AAAA"), [""]);
    assert.match((await short("mmsd", "SOA")).join(), /^ns\.mmsd\. hostmaster\.mmsd\. 1 /);
    const absent = await dig(server, transport, "nobody.mmsd");
    assert.match(absent, /status: NXDOMAIN/);
    assert.match(absent, /;; AUTHORITY SECTION:\nmmsd\.\s+5\s+IN\s+SOA/);
    assert.doesNotMatch(absent, /malformed|extra bytes|mismatch/i);
  });
}

test("dig asks again by TCP for what a datagram cannot hold", { skip: digMissing }, async () => {
  await using server = await open([crowd]);
  const cut = await dig(server, "+ignore", "crowd.demo.mmsd", "SRV");
  assert.match(cut, /flags: qr aa tc rd/);
  const whole = await dig(server, "+short", "crowd.demo.mmsd", "SRV");
  assert.equal(whole.trim().split("\n").length, 300);
});

test(
  "dig without extensions gets none, and unknown ones are told apart",
  { skip: digMissing },
  async () => {
    await using server = await open([web]);
    assert.doesNotMatch(await dig(server, "+noedns", "web.demo.mmsd"), /EDNS/);
    assert.match(
      await dig(server, "+edns=0", "+dnssec", "web.demo.mmsd"),
      /EDNS: version: 0, flags: do; udp: 1232/,
    );
    assert.match(await dig(server, "+edns=7", "+noednsneg", "web.demo.mmsd"), /status: BADVERS/);
    assert.match(await dig(server, "+opcode=update", "web.demo.mmsd"), /status: NOTIMP/);
    assert.match(await dig(server, "-c", "CH", "version.bind", "TXT"), /status: REFUSED/);
    assert.match(await dig(server, "example.com"), /status: REFUSED/);
  },
);

test("a new table is answered at once", async () => {
  await using server = await open([web]);
  assert.equal((await ask(server.port, question("web.demo.mmsd", "A"))).lines.length, 2);
  server.publish(table([route("/demo/web", 8080, [routed("10.0.0.9:1")])], 2));
  assert.deepEqual((await ask(server.port, question("web.demo.mmsd", "A"))).lines, [
    "web.demo.mmsd A 10.0.0.9",
  ]);
});

test("IPv6 clients are answered on an IPv6 address", { skip: noIPv6() }, async () => {
  await using server = await open([web], { address: { host: "::1", port: 0 } });
  const { lines } = await ask(server.port, question("web.demo.mmsd", "A"), "::1");
  assert.equal(lines.length, 2);
});

test("a TCP client may send its questions together, in pieces, and end behind the last", async () => {
  await using server = await open([web]);
  const socket = connect(server.port, "127.0.0.1");
  const frames = ["web", "nobody", "web"].map((app) => framed(question(`${app}.demo.mmsd`, "A")));
  const stream = Buffer.concat(frames);
  for (let offset = 0; offset < stream.length; offset += 7)
    socket.write(stream.subarray(offset, offset + 7));
  socket.end();
  const codes: (string | undefined)[] = [];
  for await (const reply of messagesIn(socket, 65_535)) codes.push(told(reply).rcode);
  assert.deepEqual(codes, ["NOERROR", "NXDOMAIN", "NOERROR"]);
  await eventually(() => server.figures().connections === 0);
});

const nonsense: readonly { name: string; bytes: Buffer }[] = [
  { name: "an answer in place of a question", bytes: framed(Buffer.alloc(12, 0xff)) },
  { name: "a message that is too long", bytes: Buffer.from([0xff, 0xff, 1, 2, 3]) },
  { name: "less than a message, and then silence", bytes: Buffer.from([0, 50, 1]) },
];

for (const { name, bytes } of nonsense) {
  test(`${name} on a TCP connection closes it, and others are served`, async () => {
    await using server = await open([web], { idleMs: 50 });
    await using client = await TcpClient.open(server.port);
    client.socket.write(bytes);
    await eventually(() => client.closed || client.ended);
    assert.equal((await ask(server.port, question("web.demo.mmsd", "A"))).lines.length, 2);
  });
}

test("no more than 64 TCP connections are held", async () => {
  await using server = await open([web]);
  const held = await Promise.all(Array.from({ length: 64 }, () => TcpClient.open(server.port)));
  await eventually(() => server.figures().connections === 64);
  await using refused = await TcpClient.open(server.port);
  await eventually(() => refused.closed || refused.ended);
  assert.equal(server.figures().connections, 64);
  for (const client of held) await client[Symbol.asyncDispose]();
});

test("datagrams that are no questions are counted, not answered", async () => {
  await using server = await open([web]);
  const socket = createSocket("udp4");
  for (const junk of ["", "x", "\xff".repeat(40)]) socket.send(junk, server.port, "127.0.0.1");
  await eventually(() => server.figures().ignored === 3);
  socket.close();
  await ask(server.port, question("web.demo.mmsd", "A"));
  assert.equal(server.figures().answers.get(0), 1);
});

test("an address that is taken is an error, and nothing stays bound", async () => {
  await using server = await open([web]);
  const address = { host: "127.0.0.1", port: server.port };
  await assert.rejects(open([], { address }), { code: "EADDRINUSE" });
  await assert.rejects(open([], { origin: "not a name" }), /is no name/);
});

test("a port that is taken for UDP alone is given back for TCP", async () => {
  const squatter = createSocket("udp4");
  const address = { host: "127.0.0.1", port: await freePortOfBoth() };
  squatter.bind(address.port, address.host);
  await once(squatter, "listening");
  await assert.rejects(open([], { address }), { code: "EADDRINUSE" });
  squatter.close();
  await once(squatter, "close");
  await using server = await open([route("/not a name", 80)], { address });
  assert.equal(server.problems().length, 1);
});
