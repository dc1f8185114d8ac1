import assert from "node:assert/strict";
import { suite, test } from "node:test";

import fc from "fast-check";

import { parseEtcdUrl } from "../../../../src/discovery/registrator/etcd-url.ts";
import { toState } from "../../../../src/discovery/registrator/registrations.ts";

interface Row {
  readonly key: string;
  readonly value?: string;
  /** `app protocol/port address`, or what the report says. */
  readonly want: string | RegExp;
}

const rows: readonly Row[] = [
  { key: "web/agent:box:8080", want: "web tcp/8080 10.0.0.1:31000" },
  { key: "web/agent:box:8080:tcp", want: "web tcp/8080 10.0.0.1:31000" },
  { key: "dns/agent:box:53:udp", want: "dns udp/53 10.0.0.1:31000" },
  { key: "web.@9000/agent:box:8080", want: "web tcp/9000 10.0.0.1:31000" },
  { key: "web.@9000/agent:box:8080:udp", want: "web udp/9000 10.0.0.1:31000" },
  { key: "web@9000/agent:box:8080", want: "web@9000 tcp/8080 10.0.0.1:31000" },
  { key: "web/agent:box:8080", value: "[::1]:80", want: "web tcp/8080 ::1:80" },
  { key: "web/agent:box:8080", value: "host.example:80", want: "web tcp/8080 host.example:80" },
  { key: "web", want: /is not <name>/ },
  { key: "", want: /is not <name>/ },
  { key: "web/agent", want: /is not <name>/ },
  { key: "web/agent:box", want: /is not <name>/ },
  { key: "web/agent:box:http", want: /is not <name>/ },
  { key: "web/agent:box:80:udp:x", want: /is not <name>/ },
  { key: "web/sub/agent:box:80", want: /is not <name>/ },
  { key: "web/agent:box:0", want: /has no port/ },
  { key: "web/agent:box:65536", want: /has no port/ },
  { key: "web.@0/agent:box:80", want: /has no port/ },
  { key: "web.@99999/agent:box:80", want: /has no port/ },
  { key: "web/agent:box:80:sctp", want: /neither tcp nor udp/ },
  { key: "we b/agent:box:80", want: /no usable service name/ },
  { key: ".@80/agent:box:80", want: /no usable service name/ },
  { key: "web/agent:box:80", value: "", want: /no ip:port/ },
  { key: "web/agent:box:80", value: ":80", want: /no ip:port/ },
  { key: "web/agent:box:80", value: "10.0.0.1", want: /no ip:port/ },
  { key: "web/agent:box:80", value: "10.0.0.1:0", want: /no ip:port/ },
];

suite("registrator's keys", () => {
  for (const { key, value = "10.0.0.1:31000", want } of rows) {
    test(`${key} = ${value}`, () => {
      const good = { key: "good/h:c:1", value: "10.0.0.9:1", madeAt: 1 };
      const { services, problems } = toState([{ key, value, madeAt: 2 }, good], "registrator");
      const others = services.filter(({ app }) => app !== "good");
      assert.equal(services.length - others.length, 1);
      const found = others.map(({ app, protocol, port, replicas }) => {
        const { address } = replicas[0] ?? {};
        return `${app} ${protocol}/${port} ${address?.host}:${address?.port}`;
      });
      if (typeof want === "string") assert.deepEqual([found, problems], [[want], []]);
      else {
        assert.deepEqual(found, []);
        assert.match(problems.map(({ reason }) => reason).join("\n"), want);
      }
    });
  }

  test("replicas of one name and port are one service, the oldest key dates it", () => {
    const { services } = toState(
      [
        { key: "web/b:box:80", value: "10.0.0.2:1", madeAt: 9 },
        { key: "web/a:box:80", value: "10.0.0.1:1", madeAt: 4 },
      ],
      "registrator",
    );
    assert.equal(services.length, 1);
    assert.equal(services[0]?.configuredAt, 4);
    assert.deepEqual(
      services[0]?.replicas.map(({ task, host }) => [task, host]),
      [
        ["web/a:box:80", "a"],
        ["web/b:box:80", "b"],
      ],
    );
  });

  test("no key or value makes it throw, or say what cannot be printed", () => {
    const anything = fc.string({ unit: "binary", maxLength: 400 });
    fc.assert(
      fc.property(anything, anything, (key, value) => {
        const { problems } = toState([{ key, value, madeAt: 1 }], "registrator");
        for (const { reason } of problems) {
          assert.ok(reason.length <= 301);
          assert.doesNotMatch(reason, /[\p{Cc}\u2028]/u);
        }
      }),
    );
  });
});

suite("the URL of an etcd", () => {
  const good = [
    ["etcd://h:1/services", 2, ["http://h:1"], "/services"],
    ["etcd://h/services/", 2, ["http://h:2379"], "/services"],
    ["etcd3://h:1,[::1]:2//a//b", 3, ["http://h:1", "http://[::1]:2"], "/a/b"],
    ["etcd://h:1", 2, ["http://h:1"], ""],
    ["etcd://h:1/", 2, ["http://h:1"], ""],
  ] as const;
  for (const [url, version, origins, prefix] of good)
    test(url, () => assert.deepEqual(parseEtcdUrl(url), { version, origins, prefix }));

  for (const url of [
    "",
    "http://h:1/x",
    "etcd://",
    "etcd:///x",
    "etcd://h:0/x",
    "etcd://h:1,/x",
    "etcd://user:secret@h:1/x",
    "etcd://h:1/x?y",
    "etcd://h:1/a b",
  ])
    test(`not ${url}`, () => assert.equal(parseEtcdUrl(url), undefined));
});
