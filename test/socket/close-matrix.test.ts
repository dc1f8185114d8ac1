import assert from "node:assert/strict";
import { channel } from "node:diagnostics_channel";
import { Socket } from "node:net";
import { test } from "node:test";
import { sideOf, type Outcome, type Side } from "../../src/model/outcome.ts";
import { EngineFixture } from "../support/engine-fixture.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { assertBalanced, Baseline } from "../support/invariants.ts";
import { Peer, type Sight } from "../support/peer.ts";
import { TcpReplica } from "../support/tcp-replica.ts";

// One end, the leaver, ends a connection in one of four ways; the other end, the stayer, is polite: when it sees an
// end it says what it still has to say, then ends too.
//
// FIN         the leaver has said everything, and so has the stayer
// half-close  the leaver has said everything, and the stayer says more before it ends
// RST         the leaver resets
// destroy     the leaver's socket is closed at once: its program is gone
//
// before      nothing has been said
// during      the leaver's bytes wait for a stayer that is slow, and the stayer's bytes are under way to the leaver
// after       each has heard all that the other said
// later       as after, and a second has passed without a byte

type Ending = "FIN" | "half-close" | "RST" | "destroy";
type By = "client" | "replica";
type When = "before" | "during" | "after" | "later";

/**
 * What must have arrived. none: nobody said anything. all: every byte that was said. read: the stayer has every byte
 * that the proxy read from the leaver before it was gone.
 */
type Bytes = "none" | "all" | "read";

interface Cell {
  readonly by: By;
  readonly ending: Ending;
  readonly when: When;
  readonly outcome: Outcome;
  readonly side: Side;
  /** What the stayer may see first of the end. */
  readonly sees: readonly Sight[];
  readonly bytes: Bytes;
}

const completed = { outcome: "completed", side: "downstream", sees: ["end"] } as const;
const clientReset = { outcome: "client-reset", side: "downstream" } as const;
const upstreamReset = { outcome: "upstream-reset", side: "upstream" } as const;
/** A reset destroys what is under way: it is passed on as one only where that cannot be. */
const asReset = { sees: ["reset"] } as const;
const asEither = { sees: ["end", "reset"] } as const;

const cells: readonly Cell[] = [
  { by: "client", ending: "FIN", when: "before", ...completed, bytes: "none" },
  { by: "client", ending: "FIN", when: "during", ...completed, bytes: "all" },
  { by: "client", ending: "FIN", when: "after", ...completed, bytes: "all" },
  { by: "client", ending: "half-close", when: "before", ...completed, bytes: "all" },
  { by: "client", ending: "half-close", when: "during", ...completed, bytes: "all" },
  { by: "client", ending: "half-close", when: "after", ...completed, bytes: "all" },
  { by: "client", ending: "RST", when: "before", ...clientReset, ...asReset, bytes: "none" },
  { by: "client", ending: "RST", when: "during", ...clientReset, ...asEither, bytes: "read" },
  { by: "client", ending: "RST", when: "after", ...clientReset, ...asEither, bytes: "all" },
  { by: "client", ending: "RST", when: "later", ...clientReset, ...asReset, bytes: "all" },
  { by: "client", ending: "destroy", when: "before", ...completed, bytes: "none" },
  { by: "client", ending: "destroy", when: "during", ...clientReset, ...asEither, bytes: "read" },
  { by: "client", ending: "destroy", when: "after", ...completed, bytes: "all" },
  { by: "replica", ending: "FIN", when: "before", ...completed, bytes: "none" },
  { by: "replica", ending: "FIN", when: "during", ...completed, bytes: "all" },
  { by: "replica", ending: "FIN", when: "after", ...completed, bytes: "all" },
  { by: "replica", ending: "half-close", when: "before", ...completed, bytes: "all" },
  { by: "replica", ending: "half-close", when: "during", ...completed, bytes: "all" },
  { by: "replica", ending: "half-close", when: "after", ...completed, bytes: "all" },
  { by: "replica", ending: "RST", when: "before", ...upstreamReset, ...asReset, bytes: "none" },
  { by: "replica", ending: "RST", when: "during", ...upstreamReset, ...asEither, bytes: "read" },
  { by: "replica", ending: "RST", when: "after", ...upstreamReset, ...asEither, bytes: "all" },
  { by: "replica", ending: "RST", when: "later", ...upstreamReset, ...asReset, bytes: "all" },
  { by: "replica", ending: "destroy", when: "before", ...completed, bytes: "none" },
  {
    by: "replica",
    ending: "destroy",
    when: "during",
    ...upstreamReset,
    ...asEither,
    bytes: "read",
  },
  { by: "replica", ending: "destroy", when: "after", ...completed, bytes: "all" },
];

const moments: Readonly<Record<When, string>> = {
  before: "before bytes",
  during: "during bytes",
  after: "after bytes",
  later: "a second after bytes",
};

/** More than a receive buffer takes that nobody reads from. */
const statement = 1024 * 1024;
const exchange = 10_000;
const farewell = 5000;
/** Longer than a side must have been quiet for a reset to be passed on as one, in ms. */
const quietMs = 1100;

interface Scene {
  readonly proxy: EngineFixture;
  readonly leaver: Peer;
  readonly stayer: Peer;
}

const scenes: Readonly<Record<When, (scene: Scene) => Promise<void>>> = {
  before: async () => undefined,
  during: bothWays,
  after: exchanged,
  later: async (scene) => {
    await exchanged(scene);
    // The engine notes that the last byte has moved now or before; quiet is what it has then been for a second.
    const noted = performance.now();
    scene.proxy.engine.check(noted);
    await eventually(() => performance.now() - noted > quietMs);
  },
};

const endings: Readonly<Record<Ending, (leaver: Peer) => void>> = {
  FIN: ({ socket }) => socket.end(),
  "half-close": ({ socket }) => socket.end(),
  RST: ({ socket }) => socket.resetAndDestroy(),
  destroy: ({ socket }) => socket.destroy(),
};

for (const cell of cells) {
  const { by, ending, when, outcome } = cell;
  test(`${ending} by the ${by} ${moments[when]}: ${outcome}`, async () => {
    const arrived = Promise.withResolvers<Peer>();
    await using server = await TcpReplica.start((socket) => arrived.resolve(new Peer(socket)));
    await using proxy = new EngineFixture();
    const port = await freePort();
    await proxy.serve(port, [server.port]);
    await using _ = await Baseline.take();
    await using client = await Peer.connect(port);
    const replica = await arrived.promise;
    const [leaver, stayer] = by === "client" ? [client, replica] : [replica, client];

    bePolite(stayer, ending === "half-close" ? farewell : 0);
    await scenes[when]({ proxy, leaver, stayer });
    endings[ending](leaver);
    stayer.socket.resume();
    await eventually(() => client.closed && replica.closed, { what: "the end of both sides" });
    await assertBalanced(proxy);

    assert.deepEqual(proxy.closed, { [outcome]: 1 });
    assert.equal(sideOf(outcome), cell.side);
    assert.equal(proxy.engine.connectionCount, 0);
    assert.ok(stayer.saw !== undefined && cell.sees.includes(stayer.saw), `saw ${stayer.saw}`);
    const [fromLeaver, fromStayer] =
      by === "client" ? [proxy.received, proxy.sent] : [proxy.sent, proxy.received];
    assertArrived(cell, { leaver, stayer }, { fromLeaver, fromStayer });
  });
}

for (const by of ["client", "replica"] as const) {
  test(`FIN by the ${by} and the engine's own cut in one turn of the loop: drained`, async () => {
    const arrived = Promise.withResolvers<Peer>();
    await using server = await TcpReplica.start((socket) => arrived.resolve(new Peer(socket)));
    await using proxy = new EngineFixture();
    const port = await freePort();
    await proxy.serve(port, [server.port]);
    await using _ = await Baseline.take();
    // The engine's own socket is not in the test's hand, but Node says which sockets there are.
    const cut = (): void => queueMicrotask(() => proxy.engine.abort("drained"));
    const watch = (message: unknown): void => {
      const socket = socketOf(message);
      socket?.once("end", () => {
        if (socket.localPort === port || socket.remotePort === server.port) cut();
      });
    };
    const opened = channel(by === "client" ? "net.server.socket" : "net.client.socket");
    opened.subscribe(watch);
    await using client = await Peer.connect(port);
    const replica = await arrived.promise;
    opened.unsubscribe(watch);
    (by === "client" ? client : replica).socket.end();
    const ended = eventually(() => proxy.active === 0, { withinMs: 3000, what: "its end" });
    await ended.finally(() => proxy.active > 0 && leaveSoon());
    await assertBalanced(proxy);
    assert.deepEqual(proxy.closed, { drained: 1 });
    replica.socket.destroy();
  });
}

/** A socket that nobody can close any more keeps a process from ending; that is to be a failure and not a wait. */
function leaveSoon(): void {
  setTimeout(() => process.exit(1), 20_000);
}

function socketOf(message: unknown): Socket | undefined {
  if (typeof message !== "object" || message === null || !("socket" in message)) return undefined;
  return message.socket instanceof Socket ? message.socket : undefined;
}

function assertArrived(
  { bytes, ending, when }: Cell,
  { leaver, stayer }: Pick<Scene, "leaver" | "stayer">,
  { fromLeaver, fromStayer }: { fromLeaver: number; fromStayer: number },
): void {
  assert.deepEqual([leaver.garbled, stayer.garbled], [false, false], "bytes in order");
  assert.equal(stayer.heard, fromLeaver, "the stayer has all that was read from the leaver");
  if (bytes === "read") {
    assert.ok(stayer.heard > 0 && stayer.heard <= leaver.said);
    assert.ok(leaver.heard <= fromStayer && fromStayer <= stayer.said);
    return;
  }
  assert.equal(stayer.heard, leaver.said, "all that the leaver said");
  assert.equal(leaver.heard, fromStayer, "the leaver has all that was read from the stayer");
  assert.equal(leaver.heard, stayer.said, "all that the stayer said");
  if (bytes === "none") assert.deepEqual([fromLeaver, fromStayer], [0, 0]);
  if (ending === "half-close") assert.ok(stayer.said >= farewell, when);
}

/** Answers an end with what is still to be said and an end. */
function bePolite(stayer: Peer, more: number): void {
  stayer.socket.once("end", () => {
    stayer.hush();
    stayer.say(more);
    stayer.socket.end();
  });
}

async function bothWays({ proxy, leaver, stayer }: Scene): Promise<void> {
  stayer.socket.pause();
  stayer.pour();
  leaver.say(statement);
  await eventually(() => leaver.heard > 0 && proxy.received > 0 && proxy.sent > 0);
}

async function exchanged({ proxy, leaver, stayer }: Scene): Promise<void> {
  leaver.say(exchange);
  stayer.say(2 * exchange);
  await eventually(() => stayer.heard === exchange && leaver.heard === 2 * exchange);
  await eventually(() => proxy.received + proxy.sent === 3 * exchange);
}
