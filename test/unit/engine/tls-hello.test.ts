import assert from "node:assert/strict";
import { test } from "node:test";
import { HelloReader } from "../../../src/engine/tls-hello/hello-reader.ts";
import { realHello } from "../../support/real-hello.ts";
import { hellos } from "../../fixtures/tls-hello/hellos.ts";

for (const { name, bytes, want } of hellos) {
  test(`hello: ${name}`, () => {
    assert.deepEqual(new HelloReader().feed(bytes), want);
  });

  test(`hello, 7 bytes at a time: ${name}`, () => {
    const reader = new HelloReader();
    let verdict = reader.feed(Buffer.alloc(0));
    for (let at = 0; at < bytes.length; at += 7) verdict = reader.feed(bytes.subarray(at, at + 7));
    assert.deepEqual(verdict, want);
  });
}

for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
  test(`a real client of ${maxVersion} is read, and one without a name too`, async () => {
    const named = await realHello({ servername: "a.test", maxVersion });
    assert.deepEqual(new HelloReader().feed(named), { kind: "hello", name: "a.test" });
    const nameless = await realHello({ maxVersion });
    assert.deepEqual(new HelloReader().feed(nameless), { kind: "hello", name: undefined });
  });
}
