import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  chunks,
  fields,
  framing,
  hosts,
  targets,
  upgrades,
  type RawCase,
} from "../fixtures/http/requests.ts";
import { eventually } from "../support/eventually.ts";
import { HttpFixture } from "../support/http-fixture.ts";
import { startPeer, type PeerKind } from "../support/http-peers.ts";
import { RecordingReplica } from "../support/http-replica.ts";
import { isMissing } from "../support/real-server.ts";
import { TcpClient } from "../support/tcp-client.ts";

/** What goes on; without the one request that names no host, which each proxy gives another one. */
const goingOn = [framing, fields, hosts, targets, upgrades, chunks]
  .flat()
  .filter(({ reaches, bytes }) => reaches.length > 0 && /host:/i.test(bytes));

/** What a replica understands of one request: fields that proxies add or drop aside. */
interface Understood {
  readonly line: string;
  readonly host: string | undefined;
  readonly body: string;
}

/** What a replica understands of one case that was said to the proxy in front of it. */
async function understood(kind: PeerKind | "portolan", given: RawCase): Promise<Understood[]> {
  await using replica = await RecordingReplica.start();
  await using proxy =
    kind === "portolan"
      ? await HttpFixture.start([replica.port])
      : await startPeer(kind, replica.port);
  await using client = await TcpClient.open(proxy.port);
  client.socket.write(Buffer.from(given.bytes, "latin1"));
  const answers = (): number => client.text.match(/^HTTP\/1\.[01] \d{3} /gm)?.length ?? 0;
  await eventually(() => client.ended || answers() >= given.statuses.length, {
    what: `${kind} answers ${given.name}`,
  });
  return replica.requests.map(toUnderstood);
}

function toUnderstood(request: string): Understood {
  const end = request.indexOf("\r\n\r\n");
  const head = request.slice(0, end);
  const body = request.slice(end + 4);
  const isChunked = /\r\ntransfer-encoding: *chunked/i.test(head);
  return {
    line: head.slice(0, head.lastIndexOf(" ", head.indexOf("\r\n"))),
    host: /\r\nhost: *([^\r]*)/i.exec(head)?.[1],
    body: isChunked ? unchunked(body) : body,
  };
}

function unchunked(body: string): string {
  const size = Number.parseInt(body, 16);
  if (size === 0) return "";
  const begin = body.indexOf("\r\n") + 2;
  return body.slice(begin, begin + size) + unchunked(body.slice(begin + size + 2));
}

function isEqual(one: readonly Understood[], other: readonly Understood[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

const cannot = isMissing("nginx") || isMissing("haproxy");

suite("the same bytes to nginx, HAProxy and us (W01)", { skip: cannot }, () => {
  test("what we let through, one of them does too, and its replica understands the same", async (t) => {
    for (const given of goingOn) {
      const ours = await understood("portolan", given);
      const theirs = await Promise.all([understood("nginx", given), understood("haproxy", given)]);
      const agreeing = theirs.filter((one) => isEqual(one, ours)).length;
      if (agreeing < 2) t.diagnostic(`${given.name}: ${agreeing} of 2 agree`);
      assert.ok(agreeing > 0, `${given.name}: ${JSON.stringify({ ours, theirs })}`);
    }
  });
});
