import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { suite, test } from "node:test";
import type { AccessRecord } from "../../src/model/access.ts";
import { formatAccess } from "../../src/observe/access-line.ts";
import { EngineFixture } from "../support/engine-fixture.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { answering, getOnce, saying } from "../support/http-exchange.ts";
import { toHttpRoute } from "../support/http-fixture.ts";
import { isMissing, ServerProcess, TemporaryDirectory } from "../support/real-server.ts";
import { TcpClient } from "../support/tcp-client.ts";

/** Where the same is said to HAProxy and to us. */
interface Ports {
  /** Requests for a replica that works, mostly. */
  readonly web: number;
  /** Requests for one that refuses connections. */
  readonly dead: number;
  /** Requests for nobody. */
  readonly none: number;
  /** Bytes, without a look at them, for the one that works, and for the one that refuses. */
  readonly bytes: number;
  readonly deadBytes: number;
}

/** What a parser makes of a line, figures aside that no two runs have in common. */
interface Told {
  readonly hasServer: boolean;
  /** `-` for a step that was not reached, `+` for a time. */
  readonly times: string;
  readonly status: string;
  readonly hasBytes: boolean;
  readonly state: string;
  readonly request: string;
}

interface Case {
  readonly name: string;
  readonly to: keyof Ports;
  readonly bytes: string;
  /** How the client leaves before it is answered; default: it waits for the end. */
  readonly leaves?: (socket: Socket) => void;
  readonly want: Told;
  /** What HAProxy says otherwise, where there is a reason. */
  readonly theirs?: Partial<Told>;
}

const answered: Told = {
  hasServer: true,
  times: "+++++",
  status: "200",
  hasBytes: true,
  state: "----",
  request: "GET / HTTP/1.1",
};
const unread = { hasServer: false, times: "----+", state: "PR--", request: "<BADREQ>" };
/** It does not count the bytes of answers to what it could not read. */
const uncounted = { hasBytes: false };

const cases: readonly Case[] = [
  { name: "an answer", to: "web", bytes: getOnce(), want: answered },
  {
    name: "no replica",
    to: "none",
    bytes: getOnce(),
    want: { ...answered, hasServer: false, times: "+---+", status: "503", state: "SC--" },
  },
  {
    name: "a replica that refuses",
    to: "dead",
    bytes: getOnce(),
    want: { ...answered, times: "++--+", status: "502", state: "SC--" },
    theirs: { status: "503" },
  },
  {
    name: "a replica that resets",
    to: "web",
    bytes: getOnce("/reset"),
    want: {
      ...answered,
      times: "+++-+",
      status: "502",
      state: "SH--",
      request: "GET /reset HTTP/1.1",
    },
  },
  {
    name: "a replica that says nothing in time",
    to: "web",
    bytes: getOnce("/silent"),
    want: {
      ...answered,
      times: "+++-+",
      status: "504",
      state: "sH--",
      request: "GET /silent HTTP/1.1",
    },
  },
  {
    name: "an answer that cannot be read",
    to: "web",
    bytes: getOnce("/malformed"),
    want: {
      ...answered,
      times: "+++-+",
      status: "502",
      state: "PH--",
      request: "GET /malformed HTTP/1.1",
    },
  },
  {
    name: "an answer that breaks off",
    to: "web",
    bytes: getOnce("/half"),
    want: { ...answered, state: "SD--", request: "GET /half HTTP/1.1" },
  },
  {
    name: "a change of protocol",
    to: "web",
    bytes: "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n",
    leaves: (socket) => socket.end(),
    want: { ...answered, status: "101", request: "GET /ws HTTP/1.1" },
  },
  {
    name: "no request",
    to: "web",
    bytes: "NONSENSE\r\n\r\n",
    want: { ...unread, status: "400", hasBytes: true },
    theirs: uncounted,
  },
  {
    name: "a client that leaves within a head",
    to: "web",
    bytes: "GET / HTTP/1.1\r\nHo",
    leaves: (socket) => socket.end(),
    want: { ...unread, status: "400", hasBytes: false, state: "CR--" },
  },
  {
    name: "a client that breaks off within a head",
    to: "web",
    bytes: "GET / HTTP/1.1\r\nHo",
    leaves: (socket) => void socket.resetAndDestroy(),
    want: { ...unread, status: "400", hasBytes: false, state: "CR--" },
  },
  {
    name: "a head that takes too long",
    to: "web",
    bytes: "GET / HTTP/1.1\r\nHo",
    want: { ...unread, status: "408", hasBytes: true, state: "cR--" },
    theirs: uncounted,
  },
  {
    name: "bytes for a replica",
    to: "bytes",
    bytes: getOnce(),
    want: { ...answered, times: "+++", status: "", state: "--", request: "" },
  },
  {
    name: "bytes for a replica that refuses",
    to: "deadBytes",
    bytes: getOnce(),
    want: { ...answered, times: "+-+", status: "", hasBytes: false, state: "SC", request: "" },
  },
];

const line =
  /^\S+:\d+ \[[^\]]+\] \S+ \S+?\/(?<server>\S+) (?<times>[-\d/+]+) (?:(?<status>-?\d+) )?(?<bytes>\d+) (?:- - )?(?<state>\S{2,4}) [\d/+]+ \d+\/\d+(?: "(?<request>[^"]*)")?$/;

function read(text: string): Told {
  const { groups } = line.exec(text) ?? {};
  assert.ok(groups !== undefined, text);
  const times = groups["times"]?.split("/") ?? [];
  return {
    hasServer: groups["server"] !== "<NOSRV>",
    times: times.map((time) => (time === "-1" ? "-" : "+")).join(""),
    status: groups["status"] ?? "",
    hasBytes: Number(groups["bytes"]) > 0,
    state: groups["state"] ?? "",
    request: groups["request"] ?? "",
  };
}

/** Says it and gives what is in the log of this client afterwards, which is one line: others on this host may come by. */
async function tell(ports: Ports, given: Case, lines: () => readonly string[]): Promise<Told> {
  const before = lines().length;
  await using client = await TcpClient.open(ports[given.to]);
  const { localPort } = client.socket;
  const own = (): string[] =>
    lines()
      .slice(before)
      .filter((text) => text.startsWith(`127.0.0.1:${localPort} `));
  client.socket.write(given.bytes, "latin1");
  if (given.leaves !== undefined) {
    if (given.want.status === "101") await eventually(() => client.text.includes("\r\n\r\n"));
    given.leaves(client.socket);
  }
  await eventually(() => client.ended || client.closed, { what: given.name });
  client.socket.destroy();
  await eventually(() => own().length > 0, {
    what: `a line for ${given.name}, not ${lines().slice(before).join("; ")}`,
  });
  const [last = "", ...more] = own();
  assert.deepEqual(more, []);
  return read(last);
}

async function isListening(port: number): Promise<boolean> {
  const client = await TcpClient.open(port).catch(() => undefined);
  await client?.[Symbol.asyncDispose]();
  return client !== undefined;
}

function replica(): ReturnType<typeof answering> {
  return answering((socket, head) => {
    const [, target = ""] = head.split(" ");
    switch (target) {
      case "/silent":
        break;
      case "/reset":
        socket.resetAndDestroy();
        break;
      case "/half":
        socket.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        break;
      case "/malformed":
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n");
        break;
      case "/ws":
        socket.write("HTTP/1.1 101 Yes\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
        break;
      default:
        saying("web")(socket);
        socket.end();
    }
  });
}

async function freePorts(): Promise<Ports> {
  return {
    web: await freePort(),
    dead: await freePort(),
    none: await freePort(),
    bytes: await freePort(),
    deadBytes: await freePort(),
  };
}

function haproxyConf(ports: Ports, web: number, dead: number): string {
  const listen = (name: keyof Ports, more: string): string =>
    `listen ${name}\n  bind 127.0.0.1:${ports[name]}\n${more}`;
  const tcp = "  mode tcp\n  option tcplog\n";
  return `global
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  retries 0
  timeout connect 3s
  timeout client 10s
  timeout http-request 500ms
  timeout server 500ms
${listen("web", `  server s 127.0.0.1:${web}\n`)}
${listen("dead", `  server s 127.0.0.1:${dead}\n`)}
${listen("none", "")}
${listen("bytes", `${tcp}  server s 127.0.0.1:${web}\n`)}
${listen("deadBytes", `${tcp}  server s 127.0.0.1:${dead}\n`)}
`;
}

suite("the same told by HAProxy's log and by ours", { skip: isMissing("haproxy") }, () => {
  test("each ending has the same server, steps, status, letters and request", async () => {
    await using web = await replica();
    const dead = await freePort();
    const [theirPorts, ourPorts] = [await freePorts(), await freePorts()];
    using folder = new TemporaryDirectory();
    const file = folder.write("haproxy.cfg", haproxyConf(theirPorts, web.port, dead));
    await using haproxy = new ServerProcess("haproxy", ["-db", "-f", file]);
    const theirs = (): string[] =>
      haproxy.output.split("\n").filter((text) => / \[\d\d\/\w{3}\//.test(text));

    const records: AccessRecord[] = [];
    await using engine = new EngineFixture({
      access: { note: (record) => void records.push(record) },
      limits: { requestHeadMs: 500 },
    });
    const policy = { accessLog: true, serverTimeoutMs: 500 };
    await engine.serve(ourPorts.bytes, [web.port], policy);
    await engine.serve(ourPorts.deadBytes, [dead], policy);
    for (const [port, replicas] of [
      [ourPorts.web, [web.port]],
      [ourPorts.dead, [dead]],
      [ourPorts.none, []],
    ] as const) {
      await engine.engine.apply([{ kind: "set", route: toHttpRoute(port, replicas, policy) }]);
    }
    const context = { startedAt: 0, service: "web:1" };
    const ours = (): string[] => records.map((record) => formatAccess(record, context, "httplog"));

    await eventually(() => isListening(theirPorts.web), { what: haproxy.output });
    for (const given of cases) {
      assert.deepEqual(await tell(ourPorts, given, ours), given.want, `ours: ${given.name}`);
      const want = { ...given.want, ...given.theirs };
      assert.deepEqual(await tell(theirPorts, given, theirs), want, `theirs: ${given.name}`);
    }
    // One each, whoever came.
    const comers = new Set(records.map(({ frontend, client }) => `${frontend} ${client.port}`));
    assert.equal(records.length, comers.size);
  });
});
