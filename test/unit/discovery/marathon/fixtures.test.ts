import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { fieldsOf, listOf } from "../../../../src/discovery/fields.ts";
import { dialAddress } from "../../../../src/discovery/marathon/addresses.ts";
import { fromTasks } from "../../../../src/discovery/marathon/from-tasks.ts";
import { declaredPorts } from "../../../../src/discovery/marathon/ports.ts";
import { toServices, type AppServices } from "../../../../src/discovery/marathon/to-services.ts";
import { parseApps, parseTasks, type WireApp } from "../../../../src/discovery/marathon/wire.ts";
import { formatAddress } from "../../../../src/model/address.ts";
import { serviceKey } from "../../../../src/model/service.ts";
import { readRecorded, recordedAnswers } from "../../../fixtures/marathon/recorded.ts";
import { everything } from "./service-options.ts";

/** The apps of any of Marathon's envelopes: a list of apps, one app, or tasks alone. */
function appsOf(document: unknown): readonly WireApp[] {
  const { app } = { app: undefined, ...fieldsOf(document) };
  const listed = parseApps(app === undefined ? document : { apps: [app] });
  if (listed !== undefined) return listed.apps;
  const tasks = parseTasks(document);
  assert.ok(tasks, "neither apps nor tasks");
  return fromTasks(tasks.tasks);
}

/** `tcp/80 /app` → sorted `host:port` of the replicas that are up. */
function upRoutes({ services }: AppServices): ReadonlyMap<string, readonly string[]> {
  return new Map(
    services.map((service) => {
      const up = service.replicas.filter(({ health, draining }) => health === "up" && !draining);
      return [
        `${serviceKey(service)} ${service.app}`,
        up.map(({ address }) => formatAddress(address)).toSorted(),
      ];
    }),
  );
}

suite("the routes of recorded answers (M26)", () => {
  const rows = recordedAnswers();
  assert.ok(rows.length >= 17, `${rows.length} fixtures`);
  for (const { file, document, routes: wanted, declared } of rows) {
    test(file, () => {
      const made = toServices(appsOf(document), everything);
      const routes = upRoutes(made);
      for (const [key, hosts] of wanted) assert.deepEqual(routes.get(key), hosts, key);
      for (const [key, hosts] of routes) if (!wanted.has(key)) assert.deepEqual(hosts, [], key);
      if (declared !== undefined)
        assert.deepEqual([...new Set(made.services.map(({ port }) => port))], declared);
    });
  }
});

suite("the addresses of Prometheus's Marathon cases", () => {
  for (const entry of listOf(readRecorded("prometheus/targets.cases.json"))) {
    const { name, app, expected } = fieldsOf(entry);
    test(String(name), () => {
      const [definition] = parseApps({ apps: [app] })?.apps ?? [];
      assert.ok(definition);
      const dialled = declaredPorts(definition).flatMap(({ reach }) =>
        (definition.tasks ?? []).map((task) => dialAddress(task, reach)),
      );
      assert.deepEqual(
        dialled.map((address) => (address === undefined ? "none" : formatAddress(address))),
        expected,
      );
    });
  }
});
