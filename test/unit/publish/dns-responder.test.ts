import assert from "node:assert/strict";
import { test } from "node:test";
import { Responder } from "../../../src/publish/dns/responder.ts";
import { emptyTable } from "../../../src/routing/table.ts";
import { question, reply, responder } from "./dns-messages.ts";
import { route, routed } from "./tables.ts";

const web = route(
  "/product/system/service",
  8080,
  [
    routed("10.0.0.1:31001", { dialName: "agent-1.example", weight: 100 }),
    routed("10.0.0.2:31002", { host: "10.0.0.2" }),
    routed("10.0.0.3:31003", { state: "down" }),
    // A container with an address of its own.
    routed("[fd00::7]:31007", { host: "agent-7.example" }),
  ],
  { portIndex: 0, portName: "Web" },
);
const metrics = route("/product/system/service", 9102, [routed("10.0.0.1:31009")], {
  portIndex: 1,
});
const name = "service.system.product.mmsd";
const names = responder([web, metrics]);

const rows: readonly { name: string; ask: Parameters<typeof question>; want: readonly string[] }[] =
  [
    {
      name: "A: each address of a healthy replica once, by the name that was asked",
      ask: [name, "A"],
      want: [`${name} A 10.0.0.1`, `${name} A 10.0.0.2`],
    },
    { name: "AAAA: the others", ask: [name, "AAAA"], want: [`${name} AAAA fd00::7`] },
    {
      name: "SRV: each healthy replica of each port, a name of ours for an address that its source has no name for",
      ask: [name, "SRV"],
      want: [
        `${name} SRV 1 100 31001 agent-1.example`,
        `${name} SRV 1 500 31002 10-0-0-2.addr.mmsd`,
        `${name} SRV 1 500 31007 fd00--7.addr.mmsd`,
        `${name} SRV 1 500 31009 10-0-0-1.addr.mmsd`,
      ],
    },
    {
      name: "a port by its index",
      ask: [`_1._tcp.${name}`, "SRV"],
      want: [`_1._tcp.${name} SRV 1 500 31009 10-0-0-1.addr.mmsd`],
    },
    {
      name: "a port by its service port",
      ask: [`_9102._tcp.${name}`, "A"],
      want: [`_9102._tcp.${name} A 10.0.0.1`],
    },
    {
      name: "a port by its name",
      ask: [`_web._tcp.${name}`, "AAAA"],
      want: [`_web._tcp.${name} AAAA fd00::7`],
    },
    {
      name: "TXT: what the ports are",
      ask: [name, "TXT"],
      want: [
        `${name} TXT index=0 port=8080 protocol=tcp mode=tcp`,
        `${name} TXT index=1 port=9102 protocol=tcp mode=tcp`,
      ],
    },
    {
      name: "an address without a name",
      ask: ["fd00--7.addr.mmsd", "AAAA"],
      want: ["fd00--7.addr.mmsd AAAA fd00::7"],
    },
    {
      name: "the letters of the question come back as they were",
      ask: ["SerVice.sYstem.product.MMSD", "AAAA"],
      want: ["SerVice.sYstem.product.MMSD AAAA fd00::7"],
    },
  ];

for (const { name: title, ask, want } of rows) {
  test(title, () => {
    const { lines, flag_aa: isAuthoritative, answers } = reply(names, question(...ask), "tcp");
    assert.deepEqual(lines.toSorted(), want);
    assert.ok(isAuthoritative);
    for (const record of answers ?? []) assert.equal("ttl" in record && record.ttl, 5);
  });
}

const absences: readonly { name: string; ask: Parameters<typeof question>; code: string }[] = [
  { name: "no such app", ask: ["nobody.mmsd", "A"], code: "NXDOMAIN" },
  { name: "no such port", ask: [`_7._tcp.${name}`, "SRV"], code: "NXDOMAIN" },
  { name: "no such protocol", ask: [`_0._udp.${name}`, "SRV"], code: "NXDOMAIN" },
  { name: "below an app", ask: [`x.${name}`, "A"], code: "NXDOMAIN" },
  { name: "an address that no replica has", ask: ["8-8-8-8.addr.mmsd", "A"], code: "NXDOMAIN" },
  { name: "a group", ask: ["system.product.mmsd", "A"], code: "NOERROR" },
  { name: "a protocol", ask: [`_tcp.${name}`, "A"], code: "NOERROR" },
  { name: "another type", ask: [name, "MX"], code: "NOERROR" },
  { name: "the origin itself", ask: ["mmsd", "A"], code: "NOERROR" },
];

for (const { name: title, ask, code } of absences) {
  test(`${title}: ${code}, and for how long that holds`, () => {
    const { rcode, lines, authorities } = reply(names, question(...ask));
    assert.deepEqual([rcode, lines], [code, []]);
    const [soa] = authorities ?? [];
    assert.deepEqual([soa?.type, soa?.name], ["SOA", "mmsd"]);
  });
}

test("an app without healthy replicas exists and has no addresses", () => {
  const asleep = responder([route("/a", 80, [routed("10.0.0.1:1", { state: "ejected" })])]);
  assert.deepEqual(
    [reply(asleep, question("a.mmsd", "A")).rcode, reply(asleep, question("a.mmsd", "A")).lines],
    ["NOERROR", []],
  );
});

test("the origin has an authority record, also when it has several labels", () => {
  const deep = responder([web], { origin: "svc.example.com" });
  const { lines } = reply(deep, question("svc.example.com", "SOA"));
  assert.match(lines[0] ?? "", /^svc\.example\.com SOA ns\.svc\.example\.com hostmaster\./);
  const [soa] = reply(deep, question("x.svc.Example.com", "A")).authorities ?? [];
  assert.equal(soa?.name, "svc.Example.com");
});

test("every address comes first sooner or later", () => {
  const first = new Set<string | undefined>();
  for (let times = 0; times < 4; times += 1) first.add(reply(names, question(name, "A")).lines[0]);
  assert.equal(first.size, 2);
});

test("a port for both protocols is one SRV record of its app", () => {
  const replicas = [routed("10.0.0.1:53")];
  const both = [route("/dns", 53, replicas), route("/dns", 53, replicas, { protocol: "udp" })];
  assert.equal(reply(responder(both), question("dns.mmsd", "SRV")).lines.length, 1);
  assert.equal(reply(responder(both), question("_0._udp.dns.mmsd", "SRV")).lines.length, 1);
});

test("SRV answers bring the addresses of their targets, under the targets' names", () => {
  const { additionals } = reply(names, question(name, "SRV"), "tcp");
  assert.deepEqual(
    (additionals ?? []).map((record) => `${record.name} ${record.type}`).toSorted(),
    ["10-0-0-1.addr.mmsd A", "10-0-0-2.addr.mmsd A", "agent-1.example A", "fd00--7.addr.mmsd AAAA"],
  );
});

test("address answers bring SRV records when that is asked for", () => {
  const pushing = responder([metrics], { pushSrv: true });
  const { additionals } = reply(pushing, question(name, "A"));
  assert.deepEqual(
    additionals?.map((record) => `${record.name} ${record.type}`),
    [`${name} SRV`],
  );
});

test("names are written once", () => {
  const { bytes, lines } = reply(names, question(name, "SRV"), "tcp");
  assert.equal(lines.length, 4);
  assert.equal(bytes.toString("latin1").split("service").length, 2);
});

const many = responder([
  route(
    "/many",
    80,
    Array.from({ length: 200 }, (_, index) => routed(`10.0.${index}.1:31000`)),
  ),
]);

test("what does not fit is cut, and a client that takes more gets more", () => {
  const small = reply(many, question("many.mmsd", "A"));
  const large = reply(many, question("many.mmsd", "A", { edns: 1232 }));
  const whole = reply(many, question("many.mmsd", "A"), "tcp");
  assert.ok(small.flag_tc && small.bytes.length <= 512);
  assert.ok(large.flag_tc && large.bytes.length <= 1232 && large.bytes.length > 1100);
  assert.ok(!whole.flag_tc);
  assert.equal(whole.lines.length, 200);
});

test("additional records are left out before the answer is called cut", () => {
  const some = responder([
    route(
      "/some",
      80,
      Array.from({ length: 9 }, (_, index) => routed(`10.0.${index}.1:31000`)),
    ),
  ]);
  const { flag_tc: isCut, lines, additionals = [] } = reply(some, question("some.mmsd", "SRV"));
  assert.ok(!isCut);
  assert.equal(lines.length, 9);
  assert.ok(additionals.length < 9);
});

test("names beyond the reach of a pointer are left out", () => {
  const { bytes, lines, additionals = [] } = reply(crowd(700), question("huge.mmsd", "SRV"), "tcp");
  assert.equal(lines.length, 700);
  assert.ok(bytes.length > 0x3f_ff && additionals.length > 100 && additionals.length < 700);
  for (const { name: owner } of additionals) assert.match(owner, /^agent-\d+\.example$/);
});

test("a reply is never longer than a stream's message can be", () => {
  const { bytes, flag_tc: isCut } = reply(crowd(5000), question("huge.mmsd", "SRV"), "tcp");
  assert.ok(isCut && bytes.length <= 65_535 && bytes.length > 65_000);
});

function crowd(count: number): Responder {
  const replicas = Array.from({ length: count }, (_, index) =>
    routed(`10.${index >> 8}.${index & 255}.1:31000`, { dialName: `agent-${index}.example` }),
  );
  return responder([route("/huge", 80, replicas)]);
}

test("extensions are answered by ours, and only when the client has them", () => {
  assert.deepEqual(reply(names, question(name, "AAAA")).additionals, []);
  const [opt] = reply(names, question(name, "AAAA", { edns: 4096 })).additionals ?? [];
  assert.deepEqual([opt?.type, opt?.type === "OPT" && opt.udpPayloadSize], ["OPT", 1232]);
  const { additionals, rcode } = reply(names, question(name, "A", { edns: 4096, version: 1 }));
  const [newer] = additionals ?? [];
  assert.deepEqual([rcode, newer?.type === "OPT" && newer.extendedRcode], ["NOERROR", 1]);
});

test("other names are refused, or left to others when the client wants that", () => {
  assert.equal(reply(names, question("example.com", "A")).rcode, "REFUSED");
  assert.equal(reply(names, question("xmmsd", "A")).rcode, "REFUSED");
  const forwarding = responder([web], { forwards: true });
  assert.equal(forwarding.respond(question("example.com", "A"), "udp").kind, "outside");
  const iterative = question("example.com", "A", { recursion: false });
  assert.equal(reply(forwarding, iterative).rcode, "REFUSED");
  assert.ok(reply(forwarding, question(name, "A")).flag_ra);
});

test("zone transfers are refused", () => {
  assert.equal(reply(names, question("mmsd", "AXFR"), "tcp").rcode, "REFUSED");
});

test("before the first table nothing is said to be absent", () => {
  const early = new Responder({ origin: "mmsd", ttl: 5, pushSrv: false, forwards: false });
  early.publish(emptyTable);
  assert.equal(reply(early, question(name, "A")).rcode, "SERVFAIL");
});

test("an app whose id is no name is reported and harms nobody", () => {
  const odd = [route(`/${"x".repeat(64)}`, 80), route("/a b", 81), route("/ok", 82)];
  const answering = responder(odd);
  assert.equal(answering.problems().length, 2);
  assert.equal(reply(answering, question("ok.mmsd", "A")).rcode, "NOERROR");
});

test("a bad table is forgotten with the next one", () => {
  const changing = responder([metrics]);
  assert.equal(reply(changing, question(name, "A")).lines.length, 1);
  changing.publish({ ...emptyTable, version: 2 });
  assert.equal(reply(changing, question(name, "A")).rcode, "NXDOMAIN");
});

const malformed: readonly { name: string; bytes: Buffer; code: string | undefined }[] = [
  { name: "nothing", bytes: Buffer.alloc(0), code: undefined },
  { name: "less than a header", bytes: Buffer.alloc(11), code: undefined },
  { name: "an answer", bytes: patched(2, 0x81), code: undefined },
  { name: "a header alone", bytes: question(name, "A").subarray(0, 12), code: "FORMERR" },
  { name: "a cut question", bytes: question(name, "A").subarray(0, 20), code: "FORMERR" },
  { name: "no question", bytes: patched(5, 0), code: "FORMERR" },
  { name: "65,535 questions", bytes: patched(4, 0xff), code: "FORMERR" },
  { name: "65,535 additional records", bytes: patched(10, 0xff), code: "FORMERR" },
  { name: "a name that points at itself", bytes: pointing(), code: "FORMERR" },
  { name: "a label of 64 bytes", bytes: patched(12, 64), code: "FORMERR" },
  { name: "an update", bytes: patched(2, 0x28), code: "NOTIMP" },
  { name: "a dot in a label", bytes: patched(15, 0x2e), code: "REFUSED" },
  { name: "a letter beyond ASCII", bytes: patched(13, 0xc3), code: "REFUSED" },
];

for (const { name: title, bytes, code } of malformed) {
  test(`${title}: ${code ?? "silence"}`, () => {
    const response = names.respond(bytes, "udp");
    if (code === undefined) assert.equal(response.kind, "silence");
    else assert.equal(reply(names, bytes).rcode, code);
  });
}

function patched(offset: number, byte: number): Buffer {
  const bytes = question(name, "A");
  bytes[offset] = byte;
  return bytes;
}

function pointing(): Buffer {
  return Buffer.concat([question("a", "A").subarray(0, 12), Buffer.from("c00c00010001", "hex")]);
}
