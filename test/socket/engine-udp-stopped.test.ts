import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { suite, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { EngineFixture, toUdpRoute } from "../support/engine-fixture.ts";
import { eventually } from "../support/eventually.ts";
import { NetworkNamespace, noNarrowCable } from "../support/network-namespace.ts";
import { isMissing } from "../support/real-server.ts";
import { freePortOfBoth, UdpClient } from "../support/udp-client.ts";
import { echoDatagram, UdpReplica } from "../support/udp-replica.ts";

/** Asks once, and says when it has. */
const program = `use Socket; socket(S, PF_INET, SOCK_DGRAM, 0) or die;
send(S, "all of it", 0, pack_sockaddr_in($ARGV[1], inet_aton($ARGV[0]))) or die;
$| = 1; print "asked"; sleep 600;`;

interface Flooded {
  readonly proxy: EngineFixture;
  /** Of the client that has stopped. */
  readonly port: number;
}

/**
 * A story beside a client that has been stopped at the far end of a narrow cable, and gets more and more answers: they
 * fill the send buffer of the port it asked.
 */
async function besideStopped(story: (flooded: Flooded) => Promise<void>): Promise<void> {
  using network = NetworkNamespace.create();
  network.narrow(1000);
  const { promise, resolve } = Promise.withResolvers<(answer: Buffer) => void>();
  await using loud = await UdpReplica.start((message, reply) => {
    if (String(message) === "all of it") resolve(reply);
    else reply(message);
  });
  await using proxy = new EngineFixture({ bindHosts: ["0.0.0.0"] });
  const port = await freePortOfBoth("0.0.0.0");
  await proxy.serveUdp(port, [loud.port]);
  const args = ["netns", "exec", network.name, "perl", "-e", program, network.outside, `${port}`];
  const client = spawn("ip", args, { stdio: ["ignore", "pipe", "inherit"] });
  client.on("error", () => undefined);
  assert.ok(client.stdout !== null);
  await once(client.stdout, "data");
  client.kill("SIGSTOP");
  const answer = await promise;
  const over = new AbortController();
  const piece = Buffer.alloc(1400);
  const flood = (async (): Promise<void> => {
    while (!over.signal.aborted) {
      for (let count = 0; count < 20; count += 1) answer(piece);
      await wait(5);
    }
  })();
  try {
    await eventually(() => (proxy.dropped.congested ?? 0) > 0, { what: "a full send buffer" });
    await story({ proxy, port });
  } finally {
    over.abort();
    await flood;
    client.kill("SIGKILL");
  }
}

/** Several clients that ask a few times each; gives those of their questions that had no answer. */
async function unanswered(port: number): Promise<string[]> {
  await using owned = new AsyncDisposableStack();
  const clients: UdpClient[] = [];
  for (let count = 0; count < 10; count += 1) clients.push(owned.use(await UdpClient.open(port)));
  const lost: string[] = [];
  const ask = async (client: UdpClient, index: number): Promise<void> => {
    for (let round = 0; round < 3; round += 1) {
      const question = `${round} of ${index}`;
      const answer = await client.ask(question, 8000).catch(() => undefined);
      if (String(answer) !== question) lost.push(question);
    }
  };
  await Promise.all(clients.map(ask));
  return lost;
}

suite(
  "a client that is stopped, and whose answers fill the send buffer (U12)",
  {
    skip: noNarrowCable() || isMissing("perl"),
  },
  () => {
    test("what finds no room is counted, and clients of other ports lose nothing", async () => {
      await besideStopped(async ({ proxy }) => {
        await using quiet = await UdpReplica.start(echoDatagram);
        const port = await freePortOfBoth();
        const route = toUdpRoute(port, [quiet.port]);
        const replicas = route.replicas.map((one) => ({ ...one, row: 2 }));
        await proxy.engine.apply([{ kind: "set", route: { ...route, row: 2, replicas } }]);
        assert.deepEqual(await unanswered(port), []);
        assert.ok((proxy.dropped.congested ?? 0) > 0);
        assert.deepEqual(Object.keys(proxy.dropped), ["congested"]);
      });
    });

    test("clients of the same port are answered as well", async () => {
      await besideStopped(async ({ port }) => {
        assert.deepEqual(await unanswered(port), []);
      });
    });
  },
);
