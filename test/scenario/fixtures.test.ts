import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import type { EmbeddedMarathon } from "../../src/demo/marathon/marathon.ts";
import { fieldsOf, listOf } from "../../src/discovery/fields.ts";
import { recordedAnswers, type Recorded } from "../fixtures/marathon/recorded.ts";
import { eventually } from "../support/eventually.ts";
import { startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { addressOf } from "./known-names.ts";

const appsPath = /^\/v2\/apps(?:\?.*)?$/;
const tasksPath = /^\/v2\/tasks/;
/** A list that names one app without its tasks, as before tasks were embedded: the proxy then asks for them. */
const withoutTasks = { apps: [{ id: "/not-embedded" }] };

/** One program in front of one Marathon, whose answers are replaced by recorded ones. */
class Recordings implements AsyncDisposable {
  readonly #marathon: EmbeddedMarathon;
  readonly #proxy: RunningProxy;

  private constructor(marathon: EmbeddedMarathon, proxy: RunningProxy) {
    this.#marathon = marathon;
    this.#proxy = proxy;
  }

  static async start(): Promise<Recordings> {
    const marathon = await startMarathon();
    const names = new URL("known-names.ts", import.meta.url).href;
    const proxy = await RunningProxy.start(
      // Nothing of the recorded clusters is there to be probed, and their service ports are fixed.
      ["--marathon", marathon.urls[0] ?? "", "--health", "marathon", "--bind", "127.77.3.1"],
      { NODE_OPTIONS: `--import=${names}` },
    );
    await proxy.ready();
    return new Recordings(marathon, proxy);
  }

  /** Lets Marathon answer with this document, and waits until the proxy has read it. */
  async play(document: unknown): Promise<void> {
    const { apps, app, tasks } = { ...fieldsOf(document) };
    if (tasks !== undefined) this.#answer(tasksPath, document);
    const list = app === undefined ? document : { apps: [app] };
    this.#answer(appsPath, apps === undefined && app === undefined ? withoutTasks : list);
    const [read, asked] = [await this.#lists(), this.#asked()];
    // What the last document had is gone, as Marathon itself says: nothing of it has to be doubted.
    const known = new Set((await this.#proxy.table()).services.map((service) => service.app));
    for (const appId of known) {
      const isListed = JSON.stringify(document).includes(JSON.stringify(appId));
      if (!isListed) this.#marathon.emit({ eventType: "app_terminated_event", appId });
    }
    this.#proxy.signal("SIGHUP");
    await eventually(async () => this.#asked() > asked && (await this.#lists()) > read);
  }

  /** `tcp/80 /app` → sorted addresses of the replicas that are up. */
  async routes(): Promise<ReadonlyMap<string, readonly string[]>> {
    const { services } = await this.#proxy.table();
    return new Map(
      services.map(({ protocol, port, app, replicas }) => {
        const up = replicas.filter(({ state }) => state === "up");
        const addresses = up.map(({ address }) => address);
        return [`${protocol}/${port} ${app}`, addresses.toSorted()];
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#proxy[Symbol.asyncDispose]();
    await this.#marathon[Symbol.asyncDispose]();
  }

  #answer(path: RegExp, document: unknown): void {
    const body = JSON.stringify(document);
    const fault = { kind: "status", status: 200, body, contentType: "application/json" } as const;
    this.#marathon.setFault(fault, { path });
  }

  #asked(): number {
    return this.#marathon.requests.filter(({ path }) => appsPath.test(path)).length;
  }

  async #lists(): Promise<number> {
    const [source] = listOf(await (await this.#proxy.get("/api/sources")).json());
    return Number(fieldsOf(source)["syncs"]);
  }
}

/** The table comes to have the expected routes, by address, and nothing else that is up. */
async function expectRoutes(
  recordings: Recordings,
  { file, routes, declared }: Recorded,
): Promise<void> {
  const wanted = new Map([...routes].map(([key, hosts]) => [key, hosts.map(byAddress).toSorted()]));
  const look = async (): Promise<ReadonlyMap<string, readonly string[]>> =>
    new Map(
      [...(await recordings.routes())].filter(
        ([key, hosts]) => wanted.has(key) || hosts.length > 0,
      ),
    );
  const isDone = await eventually(async () => isDeepStrictEqual(await look(), wanted)).catch(
    () => false,
  );
  if (!isDone) assert.deepEqual([file, await look()], [file, wanted]);
  if (declared === undefined) return;
  const ports = [...(await recordings.routes()).keys()].map((key) => /\/(\d+) /.exec(key)?.[1]);
  assert.deepEqual([...new Set(ports)].map(Number), declared);
}

function byAddress(place: string): string {
  const colon = place.lastIndexOf(":");
  return `${addressOf(place.slice(0, colon))}${place.slice(colon)}`;
}

// One test, since the order counts: a list that went back in its versions would be doubted.
test("the running program routes recorded answers of Marathon", async () => {
  await using recordings = await Recordings.start();
  const rows = recordedAnswers();
  assert.ok(rows.length >= 17, `${rows.length} fixtures`);
  for (const row of rows) {
    await recordings.play(row.document);
    await expectRoutes(recordings, row);
  }
});
