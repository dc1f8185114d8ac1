import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { RawCase } from "../fixtures/http/requests.ts";
import { eventually } from "../support/eventually.ts";
import { HttpFixture } from "../support/http-fixture.ts";
import { startPeer, type PeerKind } from "../support/http-peers.ts";
import { RecordingReplica } from "../support/http-replica.ts";
import { goingOn, toUnderstood, type Understood } from "../support/http-understood.ts";
import { isMissing } from "../support/real-server.ts";
import { TcpClient } from "../support/tcp-client.ts";

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
