import assert from "node:assert/strict";
import { once } from "node:events";
import { suite, test } from "node:test";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

import { noSocketLeft, probe, targetAt } from "../contract/probe-contract.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";

interface Mail extends AsyncDisposable {
  readonly port: number;
  /** Who has come and left, by the name given with EHLO. */
  readonly names: string[];
  readonly errors: Error[];
}

async function startMail(options: SMTPServerOptions = {}): Promise<Mail> {
  const names: string[] = [];
  const errors: Error[] = [];
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    disableReverseLookup: true,
    onClose: ({ hostNameAppearsAs }) => void names.push(hostNameAppearsAs),
    ...options,
  });
  server.on("error", (error) => errors.push(error));
  const port = await freePort();
  const listening = server.listen(port, "127.0.0.1");
  if (!listening.listening) await once(listening, "listening");
  return {
    port,
    names,
    errors,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => server.close(resolve));
    },
  };
}

suite("smtp probe of a real server", { timeout: 60_000 }, () => {
  test("is greeted, introduces itself and takes its leave", async () => {
    await using mail = await startMail();
    for (let round = 0; round < 3; round += 1) {
      const { kind, reason } = await probe(targetAt(mail.port, { kind: "smtp" }));
      assert.equal(kind, "good", reason);
      assert.match(reason, /^L7OK\/250 in \d+ ms$/);
    }
    await eventually(() => mail.names.length === 3);
    assert.deepEqual(mail.names, ["localhost", "localhost", "localhost"]);
    assert.deepEqual(mail.errors, []);
  });

  test("a server that turns clients away is out, in its own words", async () => {
    await using mail = await startMail({
      onConnect: (_, done) =>
        done(Object.assign(new Error("too busy\u2028today"), { responseCode: 421 })),
    });
    const { kind, reason } = await probe(targetAt(mail.port, { kind: "smtp" }));
    assert.equal(kind, "bad");
    assert.match(reason, /^L7STS: 421 too busy/);
  });

  test("nothing is left open", noSocketLeft);
});
