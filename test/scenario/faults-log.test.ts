import assert from "node:assert/strict";
import { test } from "node:test";
import { helloFor } from "../fixtures/tls-hello/build.ts";
import { eventually } from "../support/eventually.ts";
import { onStage } from "../support/fault-stage.ts";
import { freePort } from "../support/free-port.ts";
import { answering, ask, saying } from "../support/http-exchange.ts";
import { app, place } from "../support/marathon.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { TcpReplica } from "../support/tcp-replica.ts";

/** Control characters, those of eight bits too, and what breaks or turns a line. */
const controls = "\u0007\u001b[31m\u009b2J\u007f\u2028\u2029\u202e";
/** The same as bytes of UTF-8, in Latin-1: as a client writes them. */
const written = Buffer.from(controls).toString("latin1");
const mebibyte = "m".repeat(1 << 20);
/** Short enough to be read, too long to be noted whole. */
const long = "l".repeat(7000);
/** Words of clients: some are refused at once, some noted as they are. */
const hostile = [
  "eight\u009b2J\u0085",
  `utf8${Buffer.from("\u2028\u202e").toString("latin1")}`,
  written,
  mebibyte,
  long,
];

test("names, hosts, paths and banners with controls, line breaks and a mebibyte leave a readable log (A10)", async () => {
  await using web = await answering(saying("web"));
  let visits = 0;
  await using mail = await TcpReplica.start((socket) => {
    const banners = [`554 ${written}`, `554 ${mebibyte}`, `${written}${mebibyte}`];
    socket.end(`${banners[visits++ % banners.length]}\n`, "latin1");
  });
  const [httpPort, tlsPort, webPort, mailPort] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ]);
  const gateway = ["--enable-gateway", "--gateway-bind=127.0.0.1"];
  const ports = [`--gateway-port-http=${httpPort}`, `--gateway-port-https=${tlsPort}`];
  const logs = ["--access-log=json", "--log-level=debug", "--check-interval=200ms"];
  await onStage({ args: [...gateway, ...ports, ...logs] }, async ({ marathon, proxy }) => {
    const labelled = (id: string, port: number, labels: Readonly<Record<string, string>>): void => {
      const portDefinitions = [{ port, protocol: "tcp", labels }];
      marathon.putApp({ ...app(id, port), portDefinitions, healthChecks: [] });
    };
    labelled("/site", webPort, { "lb-vhost": "web.test", proto: "http" });
    labelled("/mail", mailPort, { proto: "smtp" });
    place(marathon, "/site", web.port);
    place(marathon, "/mail", mail.port);
    for (const [index, words] of [controls, mebibyte].entries()) {
      marathon.putApp(app(`/odd/${index}`, await freePort()));
      marathon.overrideApp(`/odd/${index}`, { id: `/odd\n${words}` });
    }
    proxy.signal("SIGHUP");
    await proxy.service(webPort, ({ replicas }) => replicas.some(({ state }) => state === "up"));
    await eventually(() => visits >= 6);
    for (const words of hostile) {
      for (const bytes of [
        `GET /${words} HTTP/1.1\r\nHost: web.test\r\nConnection: close\r\n\r\n`,
        `GET / HTTP/1.1\r\nHost: ${words}\r\nConnection: close\r\n\r\n`,
        `${words} / HTTP/1.1\r\nHost: web.test\r\nConnection: close\r\n\r\n`,
      ]) {
        await using client = await ask(httpPort, bytes);
        assert.match(client.text, /^(?:HTTP\/1\.1 \d|$)/);
      }
      await using tls = await TcpClient.open(tlsPort);
      tls.socket.write(helloFor(`a\n${words.slice(0, 1000)}.test`));
      await eventually(() => tls.closed || tls.ended);
    }
    const noted = (): number => proxy.log.filter(({ type }) => type === "request").length;
    await eventually(() => noted() >= 3 * hostile.length, { what: "a line each" });
    const told = proxy.log.map((line) => JSON.stringify(line)).join("\n");
    assert.match(told, /"host":"eight\u009b2J\u0085"/, "what was asked for is there");
    const { length } = `GET/${long}web.test`;
    assert.ok(told.includes(`"truncated":${length}`), "what was cut is told with its length");
    assert.match(told, /probe L7/, "what a banner said is there");
    // Line ends are the log's own.
    assert.doesNotMatch(proxy.stdout.replaceAll("\n", ""), /[\p{Cc}\u2028\u2029\u202e]/u);
  });
});
