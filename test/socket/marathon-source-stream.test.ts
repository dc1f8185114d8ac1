import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type http from "node:http";
import { suite, test } from "node:test";

import { fieldsOf, listOf } from "../../src/discovery/fields.ts";
import { createAgent } from "../../src/discovery/http-agent.ts";
import { Credentials } from "../../src/discovery/marathon/credentials.ts";
import { fetchOnce } from "../../src/discovery/marathon/event-fetch.ts";
import type { MarathonSource } from "../../src/discovery/marathon/marathon-source.ts";
import { toMembers } from "../../src/discovery/marathon/members.ts";
import { keepingLogger, marathonSource, RunningSource } from "../support/running-source.ts";
import { app, instanceId, ScriptedMarathon, until } from "../support/scripted-marathon.ts";

const folder = new URL("../fixtures/marathon/sse/", import.meta.url);

function opened({ requests }: ScriptedMarathon): number {
  return requests.filter(({ path }) => path === "/v2/events").length;
}

/** Resolves once the source listens to an open stream. */
async function connected(source: MarathonSource): Promise<void> {
  await until(() => source.status().connected);
}

suite("the event stream", () => {
  test("is asked for exactly as Marathon wants it", async () => {
    await using marathon = await ScriptedMarathon.start([]);
    const source = marathonSource([marathon.url]);
    await using running = new RunningSource(source);
    await connected(source);
    await running.have(1);
    const asked = marathon.requests.find(({ path }) => path === "/v2/events");
    assert.equal(asked?.headers.accept, "text/event-stream");
    assert.equal(asked?.headers["accept-encoding"], "identity");
    assert.equal(asked?.query.get("plan-format"), "light");
    const types = asked?.query.getAll("event_type") ?? [];
    assert.ok(types.includes("event_stream_attached") && types.includes("status_update_event"));
    assert.ok(types.every((type) => !type.includes(",")));
  });

  test("is understood whatever the pieces it comes in, heartbeats split between CR and LF (M19)", async () => {
    const recorded = fieldsOf(
      JSON.parse(readFileSync(new URL("jetty.chunked-writes.json", folder), "utf8")),
    );
    const chunks = listOf(recorded["chunks"]).map(String);
    await using marathon = await ScriptedMarathon.start([]);
    const source = marathonSource([marathon.url]);
    await using running = new RunningSource(source);
    await connected(source);
    for (const chunk of chunks) {
      marathon.write(chunk);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    marathon.write("\r");
    await new Promise<void>((resolve) => setImmediate(resolve));
    marathon.write('\nevent: app_terminated_event\r\ndata: {"appId":"/end"}\r\n\r\n');
    await until(() => source.status().events === listOf(recorded["expectedEvents"]).length + 1);
    await until(() => running.last?.confirmedGone.has("/end") === true);
    assert.ok(
      running.last?.confirmedGone.has("foo.0664256e-6771-11e5-94e1-be5b2935a987"),
      "TASK_FAILED was read",
    );
    assert.equal(opened(marathon), 1);
  });

  test("survives what is not an event, and unnamed ones of old (M19)", async () => {
    await using marathon = await ScriptedMarathon.start([app("/a", 80, [31000])]);
    const source = marathonSource([marathon.url]);
    await using running = new RunningSource(source);
    await running.have(1);
    await connected(source);
    marathon.write(
      ":comment\n\nretry: 0\nid: 7\nnonsense\ndata:{no json\n\nevent: odd_event\ndata: {}\n\n",
    );
    marathon.write('event: status_update_event\ndata: {"a":\ndata: 1}\n\n');
    marathon.write(`data: {"eventType":"app_terminated_event","appId":"/a"}\n\n`);
    await until(() => running.last?.services.length === 0);
    assert.equal(opened(marathon), 1);
  });

  test("ties an instance's event to the task it knows", async () => {
    await using marathon = await ScriptedMarathon.start([app("/a", 80, [31000, 31001])]);
    const source = marathonSource([marathon.url]);
    await using running = new RunningSource(source);
    await running.have(1);
    await connected(source);
    marathon.onApi = () => {};
    marathon.send("instance_changed_event", {
      instanceId: instanceId("/a", 31000),
      condition: "Killing",
    });
    await until(() => running.routes.some((route) => route.endsWith("31000 draining")));
    marathon.send("instance_changed_event", {
      instanceId: instanceId("/a", 31000),
      condition: "Killed",
    });
    await until(() => running.routes.length === 1);
  });

  test("that falls silent is given up, and one with heartbeats is not (M10)", async () => {
    await using silent = await ScriptedMarathon.start([]);
    await using beating = await ScriptedMarathon.start([]);
    const given = marathonSource([silent.url], { silenceMs: 300 });
    const kept = marathonSource([beating.url], { silenceMs: 300 });
    await using first = new RunningSource(given);
    await using second = new RunningSource(kept);
    await connected(kept);
    const beat = setTimeout(function next() {
      beating.write("\r\n");
      beat.refresh();
    }, 20);
    try {
      await until(() => opened(silent) >= 3);
      await until(() => given.status().reconnects >= 2);
      assert.equal(opened(beating), 1);
      assert.ok(first.states.length > 0 && second.states.length > 0);
    } finally {
      clearTimeout(beat);
    }
  });

  test("is closed when one event is larger than anything Marathon sends (M20)", async () => {
    await using marathon = await ScriptedMarathon.start([]);
    const source = marathonSource([marathon.url]);
    await using running = new RunningSource(source);
    await connected(source);
    marathon.write(`data: ${"x".repeat(9 * 1024 * 1024)}`);
    await until(() => opened(marathon) === 2);
    await running.have(1);
  });
});

suite("what goes wrong while an event is taken in", () => {
  test("is reported, and neither ends the process nor the stream", async () => {
    const lines: string[] = [];
    const broken = { ...keepingLogger(lines) };
    let thrown = 0;
    broken.info = (message) => {
      if (!message.includes("stream")) return;
      thrown += 1;
      if (thrown === 1) throw new Error("disk full");
    };
    await using marathon = await ScriptedMarathon.start([app("/a", 80, [31000])]);
    const source = marathonSource([marathon.url], { logger: broken });
    await using running = new RunningSource(source);
    await running.have(1);
    await connected(source);
    marathon.send("event_stream_attached");
    await until(() => lines.some((line) => line.startsWith("error")));
    marathon.send("app_terminated_event", { appId: "/a" });
    await until(() => running.last?.services.length === 0);
    assert.equal(opened(marathon), 1);
  });
});

suite("an event stream that ends", () => {
  test("is opened again, and followed by a full read", async () => {
    await using marathon = await ScriptedMarathon.start([]);
    const source = marathonSource([marathon.url]);
    await using running = new RunningSource(source);
    await connected(source);
    marathon.send("event_stream_attached");
    await until(() => source.status().syncs >= 2);
    marathon.serve([app("/new", 80, [31000])]);
    marathon.endStreams();
    await until(() => source.status().reconnects === 1 && marathon.streams === 1);
    marathon.send("event_stream_attached");
    await until(() => running.routes.includes("/new:80 127.0.0.1:31000 up"));
  });

  test("is tried at the next member", async () => {
    await using first = await ScriptedMarathon.start([]);
    await using second = await ScriptedMarathon.start([]);
    const source = marathonSource([first.url, second.url]);
    await using running = new RunningSource(source);
    await until(() => first.streams === 1);
    first.endStreams();
    await until(() => second.streams === 1);
    second.endStreams();
    await until(() => first.streams === 1);
    await running.have(1);
  });

  test("at once, again and again, is tried ever more slowly and told once (M24)", async () => {
    const lines: string[] = [];
    await using marathon = await ScriptedMarathon.start([]);
    const times: number[] = [];
    marathon.onEvents = (_request, response) => {
      times.push(performance.now());
      marathon.openStream(response);
      response.end();
    };
    await using running = new RunningSource(
      marathonSource([marathon.url], { logger: keepingLogger(lines) }),
    );
    await until(() => times.length === 5);
    const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    // Jitter is fixed at the middle: 75, 150, 300 and 600 ms; a timer is never early by more than a hair.
    assert.ok((waits[3] ?? 0) > 500, waits.join(" "));
    await running.have(1);
    const changes = lines.filter((line) => line.includes("stream") && !line.startsWith("debug"));
    assert.equal(changes.length, 1);
  });

  const refusals: readonly {
    readonly name: string;
    readonly refuse: (response: http.ServerResponse) => void;
  }[] = [
    ...[401, 404, 405, 500, 502, 503].map((status) => ({
      name: `${status}`,
      refuse: (response: http.ServerResponse) => void response.writeHead(status).end("<html>"),
    })),
    { name: "204", refuse: (response) => void response.writeHead(204).end() },
    {
      name: "a wrong type",
      refuse: (response) => void response.writeHead(200, { "content-type": "text/html" }).end("x"),
    },
    {
      name: "a coding",
      refuse: (response) =>
        void response
          .writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" })
          .end("x"),
    },
    { name: "a reset", refuse: (response) => response.socket?.resetAndDestroy() },
  ];
  for (const { name, refuse } of refusals) {
    test(`with ${name} is opened again when Marathon recovers, and told once`, async () => {
      const lines: string[] = [];
      await using marathon = await ScriptedMarathon.start([]);
      let refused = 0;
      marathon.onEvents = (_request, response) => {
        refused += 1;
        if (refused <= 2) refuse(response);
        else marathon.openStream(response);
      };
      const source = marathonSource([marathon.url], { logger: keepingLogger(lines) });
      await using running = new RunningSource(source);
      await connected(source);
      marathon.send("event_stream_attached");
      await running.have(1);
      assert.equal(refused, 3);
      const told = (): readonly string[] =>
        lines.filter((line) => line.includes("stream") && !line.startsWith("debug"));
      await until(() => told().length >= 2);
      assert.deepEqual(
        told().map((line) => line.split(" {")[0]),
        [
          "warn marathon event stream is not open, polling goes on",
          "info marathon event stream is open",
        ],
      );
    });
  }
});

suite("the fetch of an event stream", () => {
  test("asks Marathon once, so that the library's own reconnect never does", async () => {
    await using marathon = await ScriptedMarathon.start([]);
    const members = toMembers([marathon.url]);
    const agent = createAgent({
      connectTimeoutMs: 1000,
      firstByteTimeoutMs: 1000,
      silenceMs: 1000,
      tls: { ca: undefined, certificate: undefined, key: undefined },
    });
    try {
      const credentials = new Credentials(members, undefined);
      const requester = {
        agent: { current: () => Promise.resolve(agent) },
        credentials,
        members,
        accept: "text/event-stream",
        followsForeignHosts: true,
      };
      const ask = fetchOnce(requester, members[0]);
      const { signal } = new AbortController();
      const headers = { Accept: "text/event-stream" } as const;
      const init = {
        signal,
        headers,
        mode: "cors",
        cache: "no-store",
        redirect: "follow",
      } as const;
      assert.equal((await ask(new URL("/v2/events", marathon.url), init)).status, 200);
      await assert.rejects(ask(new URL("/v2/events", marathon.url), init), /only once/);
      assert.equal(opened(marathon), 1);
    } finally {
      await agent.destroy();
    }
  });
});

suite("a redirect of the event stream", () => {
  async function redirected(hostname: string): Promise<string | undefined> {
    await using leader = await ScriptedMarathon.start([]);
    await using standby = await ScriptedMarathon.start([]);
    const target = new URL(leader.url);
    target.hostname = hostname;
    standby.onEvents = ({ url }, response) =>
      void response.writeHead(302, { location: new URL(url ?? "/", target).href }).end();
    const configured = new URL(standby.url);
    configured.username = "ann";
    configured.password = "secret";
    const source = marathonSource([configured]);
    await using running = new RunningSource(source);
    await connected(source);
    await running.have(1);
    const [asked] = leader.requests;
    assert.equal(asked?.path, "/v2/events");
    assert.ok((asked.query.getAll("event_type").length ?? 0) > 10, "the filter is kept");
    leader.send("app_terminated_event", { appId: "/a" });
    await until(() => running.last?.confirmedGone.has("/a") === true);
    return asked.headers.authorization;
  }

  test("to a configured host takes the credentials along", async () => {
    assert.match((await redirected("127.0.0.1")) ?? "", /^Basic /);
  });

  test("to a foreign host is followed without them (M09)", async () => {
    assert.equal(await redirected("localhost"), undefined);
  });

  test("that never ends is given up after two", async () => {
    await using marathon = await ScriptedMarathon.start([]);
    marathon.onEvents = ({ url }, response) =>
      void response.writeHead(302, { location: url }).end();
    const source = marathonSource([marathon.url]);
    await using running = new RunningSource(source);
    await until(() => source.status().lastError?.includes("redirect") === true);
    assert.equal(opened(marathon), 3);
    await running.have(1);
  });
});
