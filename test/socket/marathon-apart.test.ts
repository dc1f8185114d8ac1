import assert from "node:assert/strict";
import type http from "node:http";
import { suite, test } from "node:test";

import { marathonSource, RunningSource } from "../support/running-source.ts";
import { app, json, ScriptedMarathon, until } from "../support/scripted-marathon.ts";

const attached = "event_stream_attached";

/** A Marathon that is read and listened to, at rest, with the requests it has had since then. */
interface AtRest extends AsyncDisposable {
  readonly marathon: ScriptedMarathon;
  readonly running: RunningSource;
  readonly source: ReturnType<typeof marathonSource>;
  readonly paths: () => readonly string[];
}

async function atRest(apps: readonly object[]): Promise<AtRest> {
  await using owned = new AsyncDisposableStack();
  const marathon = owned.use(await ScriptedMarathon.start(apps));
  const source = marathonSource([marathon.url]);
  const running = owned.use(new RunningSource(source));
  await until(() => marathon.streams === 1);
  marathon.send(attached);
  await until(() => source.status().events === 1 && source.status().syncs === 2);
  const { length } = marathon.requests;
  const paths = (): readonly string[] => marathon.requests.slice(length).map(({ path }) => path);
  const life = owned.move();
  return { marathon, running, source, paths, [Symbol.asyncDispose]: () => life.disposeAsync() };
}

/** Answers for `/a` alone; everything else is none of the test's business. */
function serveApp(
  marathon: ScriptedMarathon,
  respond: (response: http.ServerResponse) => void,
  rest: readonly object[] = [],
): void {
  marathon.onApi = ({ url = "" }, response) => {
    if (url === "/v2/apps/a") respond(response);
    else json(response, { apps: rest });
  };
}

const running = { appId: "/a", taskId: "x", taskStatus: "TASK_RUNNING" };

suite("an event that names an app", () => {
  test("leads to a read of that app alone, and to another one that confirms it", async () => {
    await using rest = await atRest([app("/a", 80, [31_000]), app("/b", 81, [31_001])]);
    serveApp(rest.marathon, (response) => json(response, { app: app("/a", 80, [31_000, 31_002]) }));
    rest.marathon.send("status_update_event", running);
    await until(() => rest.running.routes.length === 3);
    assert.deepEqual(rest.running.routes, [
      "/a:80 127.0.0.1:31000 up",
      "/a:80 127.0.0.1:31002 up",
      "/b:81 127.0.0.1:31001 up",
    ]);
    await until(() => rest.paths().length === 2);
    assert.deepEqual(rest.paths(), ["/v2/apps/a", "/v2/apps/a"]);
    assert.equal(rest.source.status().syncs, 2, "an app is not the whole truth");
  });

  const unusable: readonly (readonly [
    name: string,
    respond: (response: http.ServerResponse) => void,
  ])[] = [
    ["is not there", (response) => json(response, { message: "no app" }, 404)],
    ["cannot be read", (response) => json(response, {}, 500)],
    ["is another one", (response) => json(response, { app: app("/b", 80, []) })],
    ["comes without its tasks", (response) => json(response, { app: { id: "/a", ports: [80] } })],
    ["is cut short", (response) => response.writeHead(200, { "content-length": 9 }).end("{")],
  ];
  for (const [name, respond] of unusable) {
    test(`leads to the whole list when it ${name}`, async () => {
      await using rest = await atRest([app("/a", 80, [31_000])]);
      serveApp(rest.marathon, respond, [app("/a", 80, [31_009])]);
      rest.marathon.send("status_update_event", running);
      await until(() => rest.running.routes.includes("/a:80 127.0.0.1:31009 up"));
      assert.deepEqual(rest.paths().slice(0, 2), ["/v2/apps/a", "/v2/apps"]);
      assert.equal(rest.source.status().failures, 0);
    });
  }

  test("leads to the whole list when the app is new", async () => {
    await using rest = await atRest([]);
    rest.marathon.serve([app("/a", 80, [31_000])]);
    rest.marathon.send("status_update_event", running);
    await until(() => rest.running.routes.length === 1);
    assert.equal(rest.paths()[0], "/v2/apps");
  });

  test("does not make a Marathon readable whose list is not", async () => {
    await using rest = await atRest([app("/a", 80, [31_000])]);
    rest.marathon.onApi = ({ url = "" }, response) => {
      if (url === "/v2/apps/a") json(response, { app: app("/a", 80, [31_002]) });
      else json(response, {}, 500);
    };
    rest.source.resync();
    await until(() => rest.source.status().failures >= 1);
    const { failures } = rest.source.status();
    rest.marathon.send("status_update_event", running);
    await until(() => rest.source.status().failures > failures);
    assert.match(rest.source.status().lastError ?? "", /http 500/);
    assert.deepEqual(rest.running.routes.length, 1);
  });

  test("keeps what is wrong with the others, and tells anew what is wrong with it", async () => {
    const bad = (id: string, port: number): object => ({ ...app(id, port, [31_000]), tasks: [{}] });
    await using rest = await atRest([bad("/a", 80), bad("/b", 81)]);
    const subjects = (): readonly string[] =>
      (rest.running.last?.problems ?? []).map(({ subject }) => subject).toSorted();
    assert.deepEqual(subjects(), ["/a", "/b"]);
    serveApp(rest.marathon, (response) => json(response, { app: app("/a", 80, [31_000]) }));
    rest.marathon.send("status_update_event", running);
    await until(() => rest.running.routes.length === 1);
    assert.deepEqual(subjects(), ["/b"]);
  });
});
