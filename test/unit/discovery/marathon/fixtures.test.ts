import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";

import { dialAddress } from "../../../../src/discovery/marathon/addresses.ts";
import { fieldsOf, listOf } from "../../../../src/discovery/marathon/fields.ts";
import { fromTasks } from "../../../../src/discovery/marathon/from-tasks.ts";
import { declaredPorts } from "../../../../src/discovery/marathon/ports.ts";
import { toServices, type AppServices } from "../../../../src/discovery/marathon/to-services.ts";
import { parseApps, parseTasks, type WireApp } from "../../../../src/discovery/marathon/wire.ts";
import { formatAddress } from "../../../../src/model/address.ts";
import { serviceKey } from "../../../../src/model/service.ts";
import { everything } from "./service-options.ts";

const folder = new URL("../../../fixtures/marathon/", import.meta.url);

function read(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, folder), "utf8"));
}

function routed(): readonly {
  readonly file: string;
  readonly expected: Record<string, unknown>;
}[] {
  return listOf(fieldsOf(read("manifest.json"))["fixtures"]).flatMap((entry) => {
    const { file, expectedRoutes } = {
      file: undefined,
      expectedRoutes: undefined,
      ...fieldsOf(entry),
    };
    return typeof file === "string" && expectedRoutes !== undefined
      ? [{ file, expected: { ...fieldsOf(expectedRoutes) } }]
      : [];
  });
}

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

function wantedRoutes(routes: unknown): ReadonlyMap<string, readonly string[]> {
  return new Map(
    listOf(routes).map((route) => {
      const { protocol, servicePort, appId, backends } = fieldsOf(route);
      const hosts = listOf(backends).map((backend) => {
        const { host, port } = fieldsOf(backend);
        return `${String(host)}:${String(port)}`;
      });
      return [`${String(protocol)}/${String(servicePort)} ${String(appId)}`, hosts.toSorted()];
    }),
  );
}

suite("the routes of recorded answers", () => {
  const rows = routed();
  assert.ok(rows.length >= 18, `${rows.length} fixtures`);
  for (const { file, expected } of rows.filter(
    (row) => row.file !== "prometheus/targets.cases.json",
  )) {
    test(file, () => {
      const made = toServices(appsOf(read(file)), everything);
      const routes = upRoutes(made);
      const wanted = wantedRoutes(expected["routes"]);
      for (const [key, hosts] of wanted) assert.deepEqual(routes.get(key), hosts, key);
      for (const [key, hosts] of routes) if (!wanted.has(key)) assert.deepEqual(hosts, [], key);
      const declared = expected["declaredServicePorts"];
      if (declared !== undefined)
        assert.deepEqual([...new Set(made.services.map(({ port }) => port))], declared);
    });
  }
});

suite("the addresses of Prometheus's Marathon cases", () => {
  for (const entry of listOf(read("prometheus/targets.cases.json"))) {
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
