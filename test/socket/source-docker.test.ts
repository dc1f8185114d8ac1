import assert from "node:assert/strict";
import { suite, test } from "node:test";

import {
  DockerSource,
  type DockerSourceOptions,
} from "../../src/discovery/docker/docker-source.ts";
import { testSourceContract, type SourceSetup } from "../contract/source-contract.ts";
import { DockerStandIn, type StandInContainer } from "../support/docker-stand-in.ts";
import { eventually } from "../support/eventually.ts";
import { RunningSource } from "../support/running-source.ts";
import { ScriptedServer, sendJson, type Answer } from "../support/scripted-server.ts";
import { steady } from "../support/steady.ts";

function dockerSource(url: string, options: Partial<DockerSourceOptions> = {}): DockerSource {
  const times = { refreshIntervalMs: 600_000, quietMs: 5 };
  return new DockerSource({ url, host: "box", ...times, ...steady(), ...options });
}

function containers(count: number): StandInContainer[] {
  return Array.from({ length: count }, (_, index) => ({
    Id: `${index}0123456789abcdef`,
    Names: ["/web"],
    Created: 1_700_000_000,
    Labels: { "portolan.port": "80" },
    Ports: [{ IP: "0.0.0.0", PrivatePort: 8080, PublicPort: 31_000 + index, Type: "tcp" }],
  }));
}

testSourceContract("docker", async (): Promise<SourceSetup> => {
  const docker = await DockerStandIn.start();
  docker.hold(containers(1));
  return {
    open: () => dockerSource(docker.url),
    hold: (replicas) => {
      docker.onList = undefined;
      docker.hold(containers(replicas));
    },
    holdWithFault: (replicas) => {
      docker.onList = undefined;
      docker.hold([...containers(replicas), { Id: "bad", Labels: { "portolan.port": "80x" } }]);
    },
    fail: () => {
      docker.onList = (_request, response) => sendJson(response, {}, { status: 500 });
    },
    [Symbol.asyncDispose]: () => docker[Symbol.asyncDispose](),
  };
});

suite("containers of Docker", () => {
  test("events tell of a start and of an end, which needs no second look", async () => {
    await using docker = await DockerStandIn.start();
    docker.hold(containers(1));
    const source = dockerSource(docker.url);
    await using running = new RunningSource(source);
    await running.have(1);
    assert.deepEqual(running.routes, ["web:80 127.0.0.1:31000 up"]);
    assert.equal(source.status().connected, true);
    const [one, two] = containers(2);
    assert.ok(one !== undefined && two !== undefined);
    docker.hold([one, two]);
    docker.tell("start", two.Id);
    await eventually(() => running.routes.length === 2);
    docker.hold([two]);
    docker.tell("die", one.Id);
    await eventually(() => running.routes.length === 1);
    assert.deepEqual([...(running.last?.confirmedGone ?? [])], [one.Id.slice(0, 12)]);
    assert.ok(source.status().events >= 2);
    source.resync();
    const { length } = running.states;
    await running.have(length + 1);
    assert.deepEqual([...(running.last?.confirmedGone ?? [])], []);
  });

  test("a container that died and runs again is not gone", async () => {
    await using docker = await DockerStandIn.start();
    docker.hold(containers(1));
    await using running = new RunningSource(dockerSource(docker.url));
    await running.have(1);
    docker.tell("die", containers(1)[0]?.Id ?? "");
    const state = await running.have(2);
    assert.deepEqual([...state.confirmedGone], []);
  });

  test("a burst of events makes few lists", async () => {
    await using docker = await DockerStandIn.start();
    docker.hold(containers(1));
    const source = dockerSource(docker.url, { quietMs: 50 });
    await using running = new RunningSource(source);
    await running.have(1);
    for (let event = 0; event < 1000; event += 1) docker.tell("start", String(event));
    await eventually(() => source.status().events === 1000 && docker.lists > 1);
    assert.ok(docker.lists <= 10, `${docker.lists} lists`);
  });

  test("a stream that ends is opened again, and what was missed is read", async () => {
    await using docker = await DockerStandIn.start();
    docker.hold(containers(1));
    const source = dockerSource(docker.url);
    await using running = new RunningSource(source);
    await running.have(1);
    docker.hold(containers(3));
    docker.endStreams();
    await eventually(() => running.routes.length === 3);
    await eventually(() => source.status().connected);
    assert.equal(source.status().reconnects, 1);
  });

  test("garbage in the stream ends it, and harms nothing", async () => {
    await using docker = await DockerStandIn.start();
    docker.hold(containers(1));
    const source = dockerSource(docker.url);
    await using running = new RunningSource(source);
    await running.have(1);
    docker.write("{}\n\n[1]\nnull\n");
    await eventually(() => source.status().events === 3);
    docker.write("no json\n");
    await eventually(() => source.status().reconnects === 1);
    assert.ok(running.routes.length === 1);
  });

  test("an event that never ends is given up", async () => {
    await using docker = await DockerStandIn.start();
    docker.hold(containers(1));
    const source = dockerSource(docker.url);
    await using running = new RunningSource(source);
    await running.have(1);
    docker.write("x".repeat(1_100_000));
    await eventually(() => source.status().reconnects === 1);
    assert.equal(running.routes.length, 1);
  });

  test("over TCP, published ports are those of its host", async () => {
    await using docker = await ScriptedServer.start((request, response) => {
      if (request.url?.startsWith("/events") === true) response.flushHeaders();
      else
        sendJson(
          response,
          containers(1).map((item) => ({ State: "running", ...item })),
        );
    });
    await using running = new RunningSource(dockerSource(`tcp://localhost:${docker.port}`));
    await running.have(1);
    assert.deepEqual(running.routes, ["web:80 localhost:31000 up"]);
  });

  test("no engine: nothing is yielded, the reason is told, and it is found when it comes", async () => {
    const source = dockerSource("unix:///nonexistent/docker.sock");
    await using running = new RunningSource(source);
    await eventually(() => source.status().failures > 0);
    assert.equal(running.states.length, 0);
    assert.match(source.status().lastError ?? "", /ENOENT/);
  });

  test("a URL that is not Docker's is refused", () => {
    for (const url of ["", "unix://relative", "http://h:1", "tcp://h:1/x", "tcp://u@h:1"])
      assert.throws(() => dockerSource(url), TypeError);
  });
});

const text =
  (body: string): Answer =>
  (_request, response) => {
    response.writeHead(200, { "content-length": Buffer.byteLength(body) });
    response.end(body);
  };

const hostile: readonly { name: string; answer: Answer; reason: RegExp }[] = [
  {
    name: "500",
    answer: (_request, response) => sendJson(response, {}, { status: 500 }),
    reason: /500/,
  },
  {
    name: "403",
    answer: (_request, response) => sendJson(response, {}, { status: 403 }),
    reason: /auth/,
  },
  { name: "nothing", answer: text(""), reason: /empty/ },
  { name: "null", answer: text("null"), reason: /no list of containers/ },
  { name: "an object", answer: text("{}"), reason: /no list of containers/ },
  { name: "HTML", answer: text("<html>"), reason: /not-json/ },
  { name: "half a list", answer: text('[{"Id":"a"},'), reason: /not-json/ },
];

suite("a list of containers that must not be believed", () => {
  for (const { name, answer, reason } of hostile) {
    test(`${name}: what is known stays, the reason is told`, async () => {
      await using docker = await DockerStandIn.start();
      docker.hold(containers(1));
      const source = dockerSource(docker.url);
      await using running = new RunningSource(source);
      await running.have(1);
      docker.onList = answer;
      source.resync();
      await eventually(() => source.status().failures > 0);
      assert.match(source.status().lastError ?? "", reason);
      assert.equal(running.states.length, 1);
    });
  }
});
