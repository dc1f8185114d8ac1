import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { Latest } from "../../../src/async/latest.ts";
import { resolveHosts, type ResolveHostsOptions } from "../../../src/discovery/resolve-hosts.ts";
import type { SourceState } from "../../../src/discovery/source.ts";
import { defaultPolicy } from "../../../src/model/policy.ts";
import { defaultWeight } from "../../../src/model/replica.ts";
import { makeRoute } from "../../../src/routing/make-route.ts";
import { until } from "../../support/scripted-marathon.ts";

function stateOf(...hosts: readonly string[]): SourceState {
  const replicas = hosts.map((host, index) => ({
    task: `t${index}`,
    host,
    address: { host, port: 80 },
    weight: defaultWeight,
    health: "up" as const,
    reason: "running",
    draining: false,
  }));
  const service = {
    app: "/a",
    name: "a",
    port: 1,
    protocol: "tcp" as const,
    mode: "tcp" as const,
    source: "s",
    configuredAt: 0,
    policy: {},
    check: {},
    merges: false,
    hosts: undefined,
    replicas,
  };
  return { services: [service], problems: [], confirmedGone: new Set(["gone"]) };
}

/** Names a test answers by hand; a name it has no answer for waits. */
class Names {
  readonly asked: string[] = [];
  underWay = 0;
  mostUnderWay = 0;
  readonly #answers = new Map<string, readonly string[] | Error>();
  readonly #waiting = new Map<string, () => void>();

  readonly lookup = async (name: string): Promise<readonly string[]> => {
    this.asked.push(name);
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    while (!this.#answers.has(name))
      await new Promise<void>((resolve) => this.#waiting.set(name, resolve));
    this.underWay -= 1;
    const answer = this.#answers.get(name);
    if (answer instanceof Error) throw answer;
    return answer ?? [];
  };

  answer(name: string, addresses: readonly string[] | Error): void {
    this.#answers.set(name, addresses);
    this.#waiting.get(name)?.();
  }
}

class Reading implements AsyncDisposable {
  readonly names = new Names();
  readonly states: SourceState[] = [];
  readonly #input = new Latest<SourceState>();
  readonly #controller = new AbortController();
  readonly #reading: Promise<void>;

  constructor(options: ResolveHostsOptions = {}) {
    this.#reading = this.#read({ lookup: this.names.lookup, ...options });
  }

  give(state: SourceState): void {
    this.#input.set(state);
  }

  /** `host:port` of every replica of the newest state. */
  get addresses(): readonly string[] {
    const replicas = this.states.at(-1)?.services.flatMap((service) => service.replicas) ?? [];
    return replicas.map(({ address }) => `${address.host}:${address.port}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort();
    await this.#reading;
  }

  async #read(options: ResolveHostsOptions): Promise<void> {
    const { signal } = this.#controller;
    for await (const state of resolveHosts(this.#input.values(signal), options, signal))
      this.states.push(state);
  }
}

suite("host names of a source", () => {
  test("IP literals pass without a question, IPv6 too", async () => {
    await using reading = new Reading();
    reading.give(stateOf("10.0.0.1", "fd00::1"));
    await until(() => reading.states.length === 1);
    assert.deepEqual(reading.states, [stateOf("10.0.0.1", "fd00::1")]);
    assert.deepEqual(reading.names.asked, []);
  });

  test("the first state waits for its names, and keeps everything else as it was", async () => {
    await using reading = new Reading();
    reading.give(stateOf("one", "one"));
    await until(() => reading.names.asked.length === 1);
    assert.equal(reading.states.length, 0);
    reading.names.answer("one", ["10.0.0.1", "10.0.0.2"]);
    await until(() => reading.states.length === 1);
    assert.deepEqual(reading.addresses, ["10.0.0.1:80", "10.0.0.1:80"]);
    const [replica] = reading.states[0]?.services[0]?.replicas ?? [];
    assert.deepEqual([replica?.host, replica?.dialName], ["one", "one"], "names are kept");
    assert.ok(reading.states[0]?.confirmedGone.has("gone"));
  });

  test("the first state waits no longer than it may, then leaves replicas out, each host once", async () => {
    await using reading = new Reading({ firstWaitMs: 20 });
    reading.names.answer("fast", ["10.0.0.1"]);
    reading.give(stateOf("fast", "slow", "slow"));
    await until(() => reading.states.length === 1);
    assert.deepEqual(reading.addresses, ["10.0.0.1:80"]);
    assert.deepEqual(reading.states[0]?.problems, [
      {
        kind: "unresolved-host",
        subject: "/a",
        reason: "host slow has no address: its replicas are left out",
      },
    ]);
    reading.names.answer("slow", ["10.0.0.2"]);
    await until(() => reading.addresses.length === 3);
    assert.deepEqual(reading.states.at(-1)?.problems, []);
  });

  test("a slow name delays only its own replicas (L21)", async () => {
    await using reading = new Reading({ firstWaitMs: 600_000, partialMs: 5 });
    const [one] = stateOf("10.0.0.1").services;
    const [two] = stateOf("slow").services;
    const [three] = stateOf("10.0.0.3", "slow", "wrong").services;
    assert.ok(one !== undefined && two !== undefined && three !== undefined);
    reading.names.answer("wrong", new Error("ENOTFOUND"));
    reading.give({ ...stateOf(), services: [one, two, three] });
    // One after the other comes meanwhile.
    await until(() => reading.states.length > 0);
    const [partial] = reading.states;
    assert.equal(partial?.isPartial, true);
    assert.deepEqual(
      partial?.services.map(({ replicas, isAwaited }) => [replicas.length, isAwaited]),
      [
        [1, undefined],
        [0, true],
        [1, true],
      ],
    );
    assert.deepEqual(
      partial?.problems.map(({ reason }) => reason),
      ["host wrong has no address: its replicas are left out"],
    );
    reading.names.answer("slow", ["10.0.0.2"]);
    await until(() => reading.states.at(-1)?.isPartial === undefined);
    assert.deepEqual(reading.addresses, [
      "10.0.0.1:80",
      "10.0.0.2:80",
      "10.0.0.3:80",
      "10.0.0.2:80",
    ]);
    assert.ok(reading.states.at(-1)?.services.every(({ isAwaited }) => isAwaited === undefined));
  });

  test("while no service has an address, there is no partial state", async () => {
    await using reading = new Reading({ firstWaitMs: 60, partialMs: 5 });
    reading.give(stateOf("slow"));
    await until(() => reading.states.length === 1);
    assert.equal(reading.states[0]?.isPartial, undefined);
  });

  test("a later state does not wait: what is known goes on", async () => {
    await using reading = new Reading();
    reading.names.answer("one", ["10.0.0.1"]);
    reading.give(stateOf("one"));
    await until(() => reading.states.length === 1);
    reading.give(stateOf("one", "new"));
    await until(() => reading.states.length === 2);
    assert.deepEqual(reading.addresses, ["10.0.0.1:80"]);
    reading.names.answer("new", ["10.0.0.9"]);
    await until(() => reading.addresses.length === 2);
  });

  test("a name that fails is asked for again and comes in when it resolves", async () => {
    await using reading = new Reading({ retryMs: 5 });
    reading.names.answer("one", new Error("ENOTFOUND"));
    reading.give(stateOf("one"));
    await until(() => reading.states.length === 1);
    assert.deepEqual(reading.addresses, []);
    reading.names.answer("one", ["10.0.0.1"]);
    await until(() => reading.addresses.length === 1);
  });

  test("a name that moves is followed; one that is still listed stays where it is", async () => {
    await using reading = new Reading({ ttlMs: 5 });
    reading.names.answer("one", ["10.0.0.1"]);
    reading.give(stateOf("one"));
    await until(() => reading.states.length === 1);
    reading.names.answer("one", ["10.0.0.2", "10.0.0.1"]);
    const asked = reading.names.asked.length;
    await until(() => reading.names.asked.length > asked + 2);
    assert.deepEqual(reading.addresses, ["10.0.0.1:80"]);
    assert.equal(reading.states.length, 1, "no change is no state");
    reading.names.answer("one", ["10.0.0.3"]);
    await until(() => reading.addresses[0] === "10.0.0.3:80");
  });
});

suite("names that make trouble", () => {
  test("the last good address outlives failures, but not for ever (HC13)", async () => {
    await using kept = new Reading({ ttlMs: 5, retryMs: 5 });
    await using dropped = new Reading({ ttlMs: 5, retryMs: 5, keepMs: 20 });
    for (const reading of [kept, dropped]) {
      reading.names.answer("one", ["10.0.0.1"]);
      reading.give(stateOf("one"));
      await until(() => reading.addresses.length === 1);
      reading.names.answer("one", new Error("SERVFAIL"));
    }
    await until(() => dropped.addresses.length === 0);
    assert.deepEqual(kept.addresses, ["10.0.0.1:80"]);
    assert.equal(dropped.states.at(-1)?.problems[0]?.kind, "unresolved-host");
  });

  test("no more than so many questions are under way, and one that hangs holds up nobody (HC13)", async () => {
    await using reading = new Reading({ concurrency: 2, timeoutMs: 20, firstWaitMs: 10_000 });
    for (const name of ["c", "d", "e"]) reading.names.answer(name, ["10.0.0.1"]);
    reading.give(stateOf("hangs-a", "hangs-b", "c", "d", "e"));
    await until(() => reading.names.asked.length === 2);
    assert.deepEqual(reading.names.asked, ["hangs-a", "hangs-b"]);
    await until(() => reading.states.length > 0 && reading.addresses.length === 3);
  });

  test("nothing is yielded after the abort, and nothing is asked", async () => {
    const reading = new Reading({ ttlMs: 1 });
    reading.names.answer("one", ["10.0.0.1"]);
    reading.give(stateOf("one"));
    await until(() => reading.states.length === 1);
    await reading[Symbol.asyncDispose]();
    const { length } = reading.names.asked;
    reading.give(stateOf("two"));
    await new Promise<void>((resolve) => setImmediate(resolve));
    assert.equal(reading.states.length, 1);
    assert.equal(reading.names.asked.length, length);
  });

  test("ends with the source, and fails with it", async () => {
    const { signal } = new AbortController();
    async function* ending(): AsyncGenerator<SourceState> {
      yield stateOf("10.0.0.1");
    }
    async function* failing(): AsyncGenerator<SourceState> {
      yield stateOf("10.0.0.1");
      throw new Error("broken");
    }
    const ended: SourceState[] = [];
    for await (const state of resolveHosts(ending(), {}, signal)) ended.push(state);
    assert.equal(ended.length, 1);
    await assert.rejects(async () => {
      for await (const state of resolveHosts(failing(), {}, signal)) ended.push(state);
    }, /broken/);
  });
});

test("a name that moves to an address that nobody may reach through us is refused from then on (X10)", async () => {
  await using reading = new Reading({ ttlMs: 5 });
  const routed = (): readonly unknown[] => {
    const { services = [] } = reading.states.at(-1) ?? {};
    return services.flatMap((service) => {
      const standings = service.replicas.map(
        () => ({ state: "up", reason: "", since: 0 }) as const,
      );
      const rules = { groupSize: 1, defaultPolicy, isOwn: () => false };
      return makeRoute({ service, sharers: [] }, () => standings, rules).replicas;
    });
  };
  reading.names.answer("rebound", ["10.0.0.1"]);
  reading.give(stateOf("rebound"));
  await until(() => reading.addresses[0] === "10.0.0.1:80");
  assert.partialDeepStrictEqual(routed(), [{ state: "up" }]);
  for (const address of ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254"]) {
    reading.names.answer("rebound", [address]);
    await until(() => reading.addresses[0] === `${address}:80`);
    const reason = "its address is link-local, multicast or reserved";
    assert.partialDeepStrictEqual(routed(), [{ state: "down", reason }]);
  }
});
