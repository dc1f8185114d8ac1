import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";

import { bytesOf } from "../../src/health/probes/expect.ts";
import { httpRequest, serverNameOf } from "../../src/health/probes/http-request.ts";
import { readSecrets } from "../../src/health/secrets.ts";
import { defaultCheckPolicy } from "../../src/model/check.ts";

const address = { host: "::1", port: 31_001 };
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc
    .array(fc.constantFrom("/", "\r\n", " ", "%20", "..", "a", "?b=c", "#", "\uD800", "\0"))
    .map((parts) => parts.join("")),
);

function requestFor(path: string, host: string): string {
  return httpRequest({ ...defaultCheckPolicy, path, host }, address).toString("latin1");
}

suite("what is asked over HTTP", () => {
  test("any path and host make one request with the same five lines", () => {
    const whole =
      /^GET \/[\w.~:/?@!$&'()*+,;=%-]* HTTP\/1\.1\r\nHost: [\w.:[\]-]+\r\nUser-Agent: portolan-healthcheck\r\nAccept: \*\/\*\r\nConnection: close\r\n\r\n$/;
    fc.assert(
      fc.property(anyText, anyText, (path, host) => assert.match(requestFor(path, host), whole)),
    );
  });

  test("a path without a percent sign comes out as it was, once decoded", () => {
    const text = fc.string({ unit: "grapheme" }).filter((path) => !path.includes("%"));
    fc.assert(
      fc.property(text, (path) => {
        const [, target = ""] = requestFor(`/${path}`, "").split(" ");
        assert.equal(decodeURIComponent(target), `/${path}`);
      }),
    );
  });

  const hosts = [
    { host: "shop.example", header: "shop.example", name: "shop.example" },
    { host: "shop.example:80", header: "shop.example:80", name: "shop.example" },
    { host: "10.1.2.3", header: "10.1.2.3", name: undefined },
    { host: "", header: "[::1]:31001", name: undefined },
    { host: "a b", header: "[::1]:31001", name: undefined },
    { host: "a\r\nb: c", header: "[::1]:31001", name: undefined },
  ];
  for (const { host, header, name } of hosts) {
    test(`host ${JSON.stringify(host)}`, () => {
      assert.ok(requestFor("/", host).includes(`\r\nHost: ${header}\r\n`));
      assert.equal(serverNameOf({ ...defaultCheckPolicy, host }), name);
    });
  }

  test("what was encoded before stays as it is", () => {
    assert.ok(requestFor("/a%20b?c=%C3%BC#d", "").startsWith("GET /a%20b?c=%C3%BC%23d HTTP"));
  });
});

suite("bytes of a label", () => {
  const rows = [
    { text: "", want: "" },
    { text: "PING\\r\\n", want: "PING\r\n" },
    { text: "\\t\\\\n", want: "\t\\n" },
    { text: "\\x00\\xfF!", want: "\0\u00FF!" },
    { text: "\\x0", want: "\\x0" },
    { text: "\\xZZ\\q\\", want: "\\xZZ\\q\\" },
  ];
  for (const { text, want } of rows) {
    test(JSON.stringify(text), () => assert.equal(bytesOf(text).toString("latin1"), want));
  }

  test("any bytes can be written, and come back", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (array) => {
        const bytes = Buffer.from(array);
        const text = bytes.toString("hex").replaceAll(/../g, "\\x$&");
        assert.deepEqual(bytesOf(text), bytes);
      }),
    );
  });

  test("text without a backslash is itself", () => {
    const text = fc.string({ unit: "grapheme" }).filter((one) => !one.includes("\\"));
    fc.assert(fc.property(text, (one) => assert.equal(bytesOf(one).toString(), one)));
  });
});

suite("secrets", () => {
  test("a password, or a name with one, by app", () => {
    const { of, problems } = readSecrets({
      "/a": "sesame",
      "/b": { username: "me", password: "pw" },
      "/c": { password: "pw" },
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(of("/a"), { password: "sesame" });
    assert.deepEqual(of("/b"), { username: "me", password: "pw" });
    assert.deepEqual(of("/c"), { password: "pw" });
    assert.equal(of("/"), undefined);
    assert.equal(of("__proto__"), undefined);
    assert.equal(of("constructor"), undefined);
  });

  const bad: readonly { name: string; entry: unknown }[] = [
    { name: "a number", entry: 123_456 },
    { name: "nothing", entry: null },
    { name: "an empty password", entry: "" },
    { name: "a list", entry: ["hidden"] },
    { name: "no password", entry: { username: "hidden" } },
    { name: "a misspelt name", entry: { user: "me", password: "hidden" } },
    { name: "a name that is no text", entry: { username: 7, password: "hidden" } },
  ];
  for (const { name, entry } of bad) {
    test(`${name} is skipped, named and not shown`, () => {
      const { of, problems } = readSecrets({ "/bad": entry, "/good": "pw" });
      assert.equal(of("/bad"), undefined);
      assert.deepEqual(of("/good"), { password: "pw" });
      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? "", /^\/bad: /);
      assert.doesNotMatch(problems[0] ?? "", /hidden|123456/);
    });
  }

  test("a document that is no mapping is one problem, an empty one none", () => {
    for (const document of ["pw", 7, true, ["/a"]])
      assert.equal(readSecrets(document).problems.length, 1);
    for (const document of [undefined, null, {}])
      assert.deepEqual(readSecrets(document).problems, []);
  });

  test("a key that is no app id is a problem", () => {
    assert.match(readSecrets({ "demo\n": "pw" }).problems[0] ?? "", /^demo\uFFFD: /);
  });

  test("no document makes it throw", () => {
    fc.assert(
      fc.property(fc.anything(), fc.string(), (document, app) => {
        readSecrets(document).of(app);
      }),
    );
  });
});
