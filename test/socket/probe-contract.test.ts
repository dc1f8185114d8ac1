import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { test } from "node:test";

import { probe, targetAt, testProbeContract } from "../contract/probe-contract.ts";
import { noIPv6 } from "../support/no-ipv6.ts";

/** Says each line as soon as as many bytes have come as it takes to ask for it. */
function answering(...answers: readonly string[]): (socket: Socket) => void {
  return (socket) => {
    let next = 0;
    socket.on("data", () => {
      const answer = answers[next];
      next += 1;
      if (answer !== undefined) socket.write(answer);
    });
    socket.once("end", () => socket.end());
  };
}

testProbeContract("tcp", {
  check: { kind: "tcp" },
  serve: answering(),
  beginning: "",
  layer: undefined,
});

testProbeContract("http", {
  check: { kind: "http" },
  serve: answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
  beginning: "HTTP/1.1 200 OK\r\nx: ",
  layer: "L7",
});

testProbeContract("redis", {
  check: { kind: "redis" },
  serve: answering("+PONG\r\n"),
  beginning: "+PONG",
  layer: "L7",
});

for (const role of ["master", "slave"] as const) {
  testProbeContract(`redis-${role}`, {
    check: { kind: `redis-${role}` },
    serve: answering("+PONG\r\n", `$${20 + role.length}\r\n# Replica\r\n\r\nrole:${role}\r\n\r\n`),
    beginning: "+PONG\r\n$65536\r\n# Replication\r\n",
    layer: "L7",
  });
}

testProbeContract("smtp", {
  check: { kind: "smtp" },
  serve: (socket) => {
    socket.write("220 mail ESMTP\r\n");
    answering("250-mail\r\n250 SIZE\r\n", "221 bye\r\n")(socket);
  },
  beginning: "220-",
  layer: "L7",
});

testProbeContract("send-expect", {
  check: { kind: "send-expect", send: "ruok", expect: "imok" },
  serve: answering("imok"),
  beginning: "imo",
  layer: "L7",
});

test("a replica at an IPv6 address", { skip: noIPv6() }, async () => {
  const server = createServer((socket) => socket.on("error", () => undefined).destroy());
  server.on("error", () => undefined);
  await using _ = server.listen(0, "::1");
  await once(server, "listening");
  const bound = server.address();
  assert.ok(bound !== null && typeof bound === "object");
  const address = { host: "::1", port: bound.port };
  assert.equal((await probe(targetAt(bound.port, { kind: "tcp" }, { address }))).kind, "good");
  const answer = await probe(targetAt(bound.port, { kind: "udp" }, { address }));
  assert.equal(answer.reason, "L4CON: refused");
});
