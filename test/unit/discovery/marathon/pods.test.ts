import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";

import fc from "fast-check";

import { instanceOf } from "../../../../src/discovery/marathon/events.ts";
import { parsePods } from "../../../../src/discovery/marathon/pods.ts";
import { toServices } from "../../../../src/discovery/marathon/to-services.ts";
import { everything } from "./service-options.ts";

const folder = new URL("../../../fixtures/marathon/", import.meta.url);

function read(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, folder), "utf8"));
}

interface Status {
  readonly spec: { readonly containers: readonly { readonly endpoints: readonly object[] }[] };
}

/** The pods with `labels` on their endpoints, in the order of these. */
function labelled(pod: unknown, ...labels: readonly object[]): unknown {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a recorded answer of this shape
  const { spec, ...rest } = pod as Status;
  let next = 0;
  const containers = spec.containers.map((container) => ({
    ...container,
    endpoints: container.endpoints.map((endpoint) => {
      const mine = labels[next];
      next += 1;
      return { ...endpoint, labels: mine };
    }),
  }));
  return { ...rest, spec: { ...spec, containers } };
}

function servicesOf(...pods: readonly unknown[]) {
  return toServices(parsePods(pods)?.apps ?? [], everything);
}

function routes(...pods: readonly unknown[]): readonly string[] {
  return servicesOf(...pods).services.flatMap(({ app, protocol, port, replicas }) =>
    replicas.map(
      ({ address, health }) =>
        `${app} ${protocol}/${port} ${address.host}:${address.port} ${health}`,
    ),
  );
}

const web = { "portolan.service-port": "80" };
const admin = { "portolan.service-port": "81" };

suite("pods", () => {
  test("are served where endpoints carry a service port, in the container's network or at a host port", () => {
    const stable = read("marathon-tests/pod-status.stable.json");
    assert.deepEqual(routes(labelled(stable, web, admin)), [
      "/foo tcp/80 1.2.3.4:80 up",
      "/foo tcp/81 agent1:1001 up",
    ]);
    assert.deepEqual(routes(labelled(stable, {}, admin)), ["/foo tcp/81 agent1:1001 up"]);
  });

  test("without such a label are nothing to tell", () => {
    for (const file of [
      "constructed/v2_pods_all_status.json",
      "go-marathon/go.v2_pods_all_status.json",
    ]) {
      const parsed = parsePods(read(file));
      assert.ok((parsed?.apps.length ?? 0) > 0);
      assert.deepEqual(parsed?.problems, []);
      assert.deepEqual(toServices(parsed?.apps ?? [], everything), { services: [], problems: [] });
    }
  });

  test("wait while they are staging", () => {
    const staging = read("marathon-tests/pod-status.staging.json");
    assert.deepEqual(routes(labelled(staging, web, admin)), ["/foo tcp/81 agent1:1001 unknown"]);
  });

  const endpoints = [
    {
      name: "dns",
      containerPort: 53,
      hostPort: 0,
      protocol: ["udp", "tcp"],
      labels: { "portolan.service-port": "53" },
    },
  ];
  function pod(instance: object, container: object = {}): object {
    const status = {
      name: "c",
      status: "TASK_RUNNING",
      containerId: "p.instance-1.c.2",
      endpoints: [{ name: "dns", allocatedHostPort: 31_053 }],
      ...container,
    };
    return {
      id: "/p",
      spec: { containers: [{ name: "sidecar" }, { name: "c", endpoints }] },
      instances: [
        {
          id: "p.instance-1",
          status: "STABLE",
          agentHostname: "h",
          containers: [status],
          ...instance,
        },
      ],
    };
  }
  const rows: readonly (readonly [name: string, given: object, want: string | undefined])[] = [
    ["stable", pod({}), "up"],
    ["degraded with its container running", pod({ status: "DEGRADED" }), "up"],
    ["pending", pod({ status: "PENDING" }), "unknown"],
    ["at its end", pod({ status: "TERMINAL" }), undefined],
    ["with a container that is unreachable", pod({}, { status: "TASK_UNREACHABLE" }), "unknown"],
    ["with a container that has ended", pod({}, { status: "TASK_FAILED" }), undefined],
    [
      "with an unhealthy endpoint",
      pod({}, { endpoints: [{ name: "dns", allocatedHostPort: 31_053, healthy: false }] }),
      "down",
    ],
  ];
  for (const [name, given, want] of rows) {
    test(`an instance ${name} is ${want ?? "gone"}`, () => {
      const { services } = servicesOf(given);
      assert.deepEqual(
        services.map(({ protocol }) => protocol),
        ["tcp", "udp"],
      );
      for (const { replicas } of services) assert.equal(replicas[0]?.health, want);
    });
  }

  test("have tasks that events of their instance find", () => {
    const [parsed] = parsePods([pod({})])?.apps ?? [];
    const [task] = parsed?.tasks ?? [];
    assert.equal(task?.id, "p.instance-1.c.2");
    assert.equal(instanceOf(task.id), "p.instance-1");
  });

  test("that are no pods are skipped and reported; a document that is no list is none", () => {
    const { apps, problems } = parsePods([{ id: "/.." }, null, pod({}), pod({})]) ?? {};
    assert.deepEqual(
      apps?.map(({ id }) => id),
      ["/p"],
    );
    assert.equal(problems?.length, 2);
    assert.equal(parsePods({ pods: [] }), undefined);
  });

  test("of any shape never throw", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (value, spec, instances) => {
        for (const document of [
          value,
          [value],
          [{ id: "/a", spec, instances }],
          [{ ...pod({}), instances }],
          [pod({ containers: value })],
        ]) {
          const parsed = parsePods(document);
          if (parsed !== undefined) toServices(parsed.apps, everything);
        }
      }),
    );
  });
});
