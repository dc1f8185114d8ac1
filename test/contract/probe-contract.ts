import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import type { Socket } from "node:net";
import { afterEach, suite, test } from "node:test";

import { probeOf } from "../../src/health/probes/make-probe.ts";
import type { ProbeResult, ProbeTarget } from "../../src/health/probes/probe.ts";
import { defaultCheckPolicy, type CheckPolicy } from "../../src/model/check.ts";
import { blackhole } from "../support/black-hole.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { TcpReplica } from "../support/tcp-replica.ts";

/** A kind of probe over TCP, and a replica that it is content with. */
export interface ProbeSubject {
  readonly check: Partial<CheckPolicy>;
  /** Serves one connection so that the probe finds it good. */
  readonly serve: (socket: Socket) => void;
  /** How a good answer begins that then never ends; nothing that is good by itself. */
  readonly beginning: string;
  /** What is being waited for once connected; undefined when that is all that is asked. */
  readonly layer: "L6" | "L7" | undefined;
}

/** Enough for anything that answers, on any machine. */
const ampleMs = 10_000;
/** For what has to end by its timeout. */
const shortMs = 500;
const never = new AbortController().signal;

/** A target on this host, without credentials or preface unless they are given. */
export function targetAt(
  port: number,
  check: Partial<CheckPolicy>,
  more: Partial<ProbeTarget> = {},
): ProbeTarget {
  return {
    address: { host: "127.0.0.1", port },
    check: { ...defaultCheckPolicy, timeoutMs: ampleMs, ...check },
    credentials: undefined,
    preface: undefined,
    ...more,
  };
}

/** Runs the probe that the target's policy names. */
export function probe(target: ProbeTarget, signal: AbortSignal = never): Promise<ProbeResult> {
  return probeOf(target.check.kind)(target, signal);
}

/** Waits until this process has no TCP or UDP socket open but listening ones. */
export async function noSocketLeft(): Promise<void> {
  await eventually(
    () =>
      !process.getActiveResourcesInfo().some((name) => ["TCPSocketWrap", "UDPWrap"].includes(name)),
    { what: "no socket left" },
  );
}

/** The promises of `Probe`, for any kind over TCP: a verdict for every misbehaviour, on time, and nothing left open. */
export function testProbeContract(name: string, subject: ProbeSubject): void {
  const { check, layer } = subject;

  /** What comes of a replica that serves like this. */
  async function found(serve: (socket: Socket) => void, timeoutMs = ampleMs): Promise<ProbeResult> {
    await using replica = await TcpReplica.start(serve);
    return await probe(targetAt(replica.port, { ...check, timeoutMs }));
  }

  function isBad(result: ProbeResult, reason: RegExp): void {
    if (layer === undefined) assert.match(result.reason, /^L4OK in \d+ ms$/);
    else assert.match(result.reason, reason);
    assert.equal(result.kind, layer === undefined ? "good" : "bad");
  }

  suite(`probe contract: ${name}`, { timeout: 60_000 }, () => {
    afterEach(noSocketLeft);

    test("a good replica is good, with a reason", async () => {
      const result = await found(subject.serve);
      assert.equal(result.kind, "good", result.reason);
      assert.match(result.reason, /^(L4OK|L6OK|L7OK|L7OK\/\w+|role:\w+) in \d+ ms$/);
    });

    test("a good replica behind a preface is good", async () => {
      const preface = Buffer.from("PROXY UNKNOWN\r\n");
      await using replica = await TcpReplica.start((socket) => {
        socket.once("readable", () => {
          if (preface.equals(socket.read(preface.length))) subject.serve(socket);
        });
      });
      const result = await probe(targetAt(replica.port, check, { preface }));
      assert.equal(result.kind, "good", result.reason);
    });

    test("the signal is let go of", async () => {
      const { signal } = new AbortController();
      await using replica = await TcpReplica.start(subject.serve);
      await probe(targetAt(replica.port, check), signal);
      await probe(targetAt(await freePort(), check), signal);
      assert.equal(getEventListeners(signal, "abort").length, 0);
    });

    test("refused", async () => {
      const result = await probe(targetAt(await freePort(), check));
      const rest = { decisive: false, silent: false };
      assert.deepEqual(result, { kind: "bad", reason: "L4CON: refused", ...rest });
    });

    test("the connection is never answered", async () => {
      await using hole = await blackhole();
      const result = await probe(targetAt(hole.port, { ...check, timeoutMs: shortMs }));
      assert.ok(result.kind === "bad" && result.silent);
      assert.match(result.reason, /^L4TOUT in \d+ ms$/);
    });

    test("accepts and hangs (HC01)", async () => {
      isBad(await found(() => undefined, shortMs), new RegExp(`^${layer}TOUT in \\d+ ms$`));
    });

    test("closes at once", async () => {
      isBad(
        await found((socket) => socket.resume().end()),
        /^L[67]RSP: (closed after 0 bytes|reset)$/,
      );
    });

    test("resets at once", async () => {
      const result = await found((socket) => socket.resetAndDestroy());
      // A reset may come before or after the connection counts as open.
      if (layer !== undefined || result.kind === "bad")
        assert.match(result.reason, /^(L4CON|L6RSP|L7RSP): reset$/);
    });

    test("answers garbage and closes", async () => {
      isBad(
        await found((socket) => socket.resume().end("\0\u001B[2J\r\n\u00FF\n\n")),
        /^L[67]RSP: \P{Cc}+$/u,
      );
    });

    test("answers without end", async () => {
      isBad(await found(endlessly(subject.beginning)), /^(L6RSP: .+|L7RSP: longer than 64 KiB)$/);
    });

    test("drips: the time is for the whole answer, not for each byte (HC03)", async () => {
      isBad(await found(dripping(subject.beginning), shortMs), new RegExp(`^${layer}TOUT`));
    });

    test("an abort in the middle ends it at once, and the connection with it", async () => {
      const controller = new AbortController();
      await using replica = await TcpReplica.start((socket) => {
        socket.resume().once("end", () => socket.destroy());
      });
      const running = probe(targetAt(replica.port, check), controller.signal);
      if (layer !== undefined) await eventually(() => replica.sockets.length > 0);
      controller.abort();
      assert.deepEqual(await running, { kind: "void", reason: "SOCKERR: aborted" });
      await eventually(() => replica.sockets.every((socket) => socket.closed));
    });

    test("an abort before it begins opens nothing", async () => {
      await using replica = await TcpReplica.start((socket) => socket.resume());
      const result = await probe(targetAt(replica.port, check), AbortSignal.abort());
      assert.equal(result.kind, "void");
      await noSocketLeft();
      assert.equal(replica.sockets.length, 0);
    });
  });
}

function endlessly(beginning: string): (socket: Socket) => void {
  const chunk = Buffer.alloc(16_384, "x");
  return (socket) => {
    const pour = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on("drain", pour);
    socket.resume().write(beginning);
    pour();
  };
}

function dripping(beginning: string): (socket: Socket) => void {
  const answer = beginning + "x".repeat(1000);
  return (socket) => {
    socket.resume();
    let at = 0;
    const timer = setInterval(() => socket.write(answer[(at += 1)] ?? "x"), 50);
    socket.write(answer.slice(0, 1));
    socket.once("close", () => clearInterval(timer));
    socket.once("end", () => socket.destroy());
  };
}
