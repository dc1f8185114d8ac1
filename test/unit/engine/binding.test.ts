import assert from "node:assert/strict";
import { test } from "node:test";
import { Binding, type ListenResult } from "../../../src/engine/binding.ts";
import { eventually } from "../../support/eventually.ts";

const address = { host: "127.0.0.1", port: 80 };
const own = new Set(["127.0.0.1:80"]);

/** A binding whose attempts fail with these codes, or do not; writes down what is done and reported. */
async function rig(...codes: readonly (string | undefined)[]) {
  const done: string[] = [];
  let attempts = 0;
  const open = (): Promise<ListenResult> => {
    const code = codes[attempts];
    attempts += 1;
    if (code !== undefined) {
      done.push(code);
      return Promise.resolve({ kind: "failed", code });
    }
    const number = attempts;
    done.push(`open ${number}`);
    const close = (): Promise<void> => {
      done.push(`close ${number}`);
      return Promise.resolve();
    };
    const listener = { port: 80, [Symbol.asyncDispose]: close };
    return Promise.resolve({ kind: "listening", listener });
  };
  const report = ({ kind }: { readonly kind: string }): void => void done.push(kind);
  const binding = new Binding({ key: "tcp/80", address, random: () => 0, report, open });
  await binding.tried;
  return { binding, done };
}

const renewed = ["open 2", "close 2", "close 1", "closed", "open 3", "listening"];

test("a listener that was taken away is closed, once it is sure that nobody listens, and bound anew", async () => {
  const { binding, done } = await rig();
  binding.renewIfAmong(new Set(["127.0.0.1:81"]));
  binding.renewIfAmong(own);
  await eventually(() => done.length === 8);
  assert.deepEqual(done, ["open 1", "listening", ...renewed]);
  await binding[Symbol.asyncDispose]();
  assert.deepEqual(done.slice(8), ["close 3", "closed"]);
});

test("one that listens after all is kept", async () => {
  const { binding, done } = await rig(undefined, "EADDRINUSE");
  binding.renewIfAmong(own);
  await eventually(() => done.length === 3);
  await binding[Symbol.asyncDispose]();
  assert.deepEqual(done, ["open 1", "listening", "EADDRINUSE", "close 1", "closed"]);
});

test("one that cannot be bound again is tried until it works", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { binding, done } = await rig(undefined, "EMFILE", "EMFILE");
  binding.renewIfAmong(own);
  const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  await turn();
  const given = ["open 1", "listening", "EMFILE", "close 1", "closed", "EMFILE", "bind-failed"];
  assert.deepEqual(done, given);
  t.mock.timers.tick(2000);
  await turn();
  assert.deepEqual(done.slice(7), ["open 4", "listening"]);
  await binding[Symbol.asyncDispose]();
});

test("what is closed meanwhile is not bound again", async () => {
  const { binding, done } = await rig();
  const closed = binding[Symbol.asyncDispose]();
  binding.renewIfAmong(own);
  await closed;
  await new Promise((resolve) => void setImmediate(resolve));
  assert.deepEqual(done, ["open 1", "listening", "close 1", "closed"]);
});
