import assert from "node:assert/strict";
import { HelloReader } from "../../../src/engine/tls-hello/hello-reader.ts";
import { hellos } from "../../fixtures/tls-hello/hellos.ts";
import { Song } from "../../support/canary.ts";
import { eventually } from "../../support/eventually.ts";
import { seeded } from "../../support/faults/seeded.ts";
import { freePort } from "../../support/free-port.ts";
import { answering, ask, saying } from "../../support/http-exchange.ts";
import { app, place, startMarathon } from "../../support/marathon.ts";
import { RunningProxy } from "../../support/running-proxy.ts";
import { echo, TcpReplica } from "../../support/tcp-replica.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";

/** Of its own, since many ports are claimed. */
const bindHost = "127.77.0.4";

/** Real hellos with a few bytes changed, one after the other. */
async function mutatedHellos({ tell }: LoadOptions): Promise<void> {
  const random = seeded(7);
  const rows = hellos.filter(({ bytes }) => bytes.length > 0 && bytes.length < 2000);
  const kinds = { bad: 0, hello: 0, more: 0 };
  const count = 1_000_000;
  let spent = 0;
  for (let round = 0; round < count; round += 1) {
    const row = rows[Math.floor(random() * rows.length)];
    const bytes = Buffer.from(row?.bytes ?? []);
    for (let edits = 1 + Math.floor(random() * 4); edits > 0; edits -= 1) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    const startedAt = performance.now();
    const verdict = new HelloReader().feed(bytes);
    spent += performance.now() - startedAt;
    kinds[verdict.kind] += 1;
    if (verdict.kind === "hello" && verdict.name !== undefined) {
      assert.match(verdict.name, /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/);
    }
  }
  const each = (spent * 1000) / count;
  tell(`${count} hellos: ${JSON.stringify(kinds)}, ${each.toFixed(2)} µs each`);
  assert.ok(each <= 20, "a million of them, so that noise has no weight");
  assert.ok(kinds.bad > 0 && kinds.hello > 0 && kinds.more > 0);
  await Promise.resolve();
}

/** One app with thousands of names, and a thousand apps that want the same one. */
async function manyNames({ tell }: LoadOptions): Promise<void> {
  await using web = await answering(saying("many"));
  await using shared = await answering(saying("shared"));
  await using bird = await TcpReplica.start(echo);
  await using marathon = await startMarathon();
  const perPort = 5000;
  const [first, second, canary, gateway] = await Promise.all(
    Array.from({ length: 4 }, () => freePort()),
  );
  assert.ok(canary !== undefined && gateway !== undefined);
  for (const [half, port] of [first, second].entries()) {
    const names = Array.from({ length: perPort }, (_, index) => `h${half * perPort + index}.test`);
    const id = `/many/${half}`;
    const labels = { "lb-vhost": names.join(",") };
    const portDefinitions = [{ port, protocol: "tcp", labels }];
    marathon.putApp({ ...app(id, port ?? 0), portDefinitions });
    place(marathon, id, web.port);
  }
  marathon.putApp(app("/canary", canary));
  place(marathon, "/canary", bird.port);
  const gatewayArgs = ["--enable-gateway", "--gateway-bind=127.0.0.1", "--gateway-port-https="];
  const args = ["--marathon", marathon.urls[0] ?? "", "--health", "marathon", "--bind", bindHost];
  const flags = [...args, ...gatewayArgs, `--gateway-port-http=${gateway}`];
  const quiet = { canary: "none: one that the same Marathon lists sings here" } as const;
  await using proxy = await RunningProxy.start(flags, {}, quiet);
  await proxy.ready();
  await proxy.service(canary, ({ listening }) => listening.length > 0);
  await using song = new Song(canary, bindHost);
  const startedAt = performance.now();
  const claims = 1000;
  for (let index = 0; index < claims; index += 1) {
    const id = `/shared/${index}`;
    const labels = { "lb-vhost": "shared.test" };
    const port = 10_000 + index;
    marathon.putApp({ ...app(id, port), portDefinitions: [{ port, protocol: "tcp", labels }] });
    place(marathon, id, shared.port);
  }
  const conflicts = async (): Promise<number> =>
    (await proxy.metric("portolan_problems", { kind: "host-conflict" })) ?? 0;
  await eventually(async () => (await conflicts()) === claims - 1, { withinMs: 60_000 });
  tell(`${claims} claims on one name settled in ${Math.round(performance.now() - startedAt)} ms`);
  for (const [host, want] of [
    ["h0.test", "many"],
    [`h${2 * perPort - 1}.test`, "many"],
    ["shared.test", "shared"],
  ]) {
    const lookedAt = performance.now();
    const asked = `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    await using client = await ask(gateway, asked);
    assert.ok(client.text.endsWith(`\r\n\r\n${want}`), `${host}: ${client.text}`);
    tell(`${host} answered in ${(performance.now() - lookedAt).toFixed(1)} ms`);
  }
  await song.assertWell();
  for (let index = 0; index < claims; index += 1) marathon.deleteApp(`/shared/${index}`);
  await eventually(async () => (await conflicts()) === 0, { withinMs: 60_000 });
}

export const nameRows: readonly LoadRow[] = [
  { id: "S07", what: "a million mutated TLS hellos", run: mutatedHellos },
  { id: "X12", what: "10,000 names of two ports, a thousand apps that claim one", run: manyNames },
];
