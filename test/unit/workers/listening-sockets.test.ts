import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { ListeningSockets } from "../../../src/workers/listening-sockets.ts";
import { noIPv6 } from "../../support/no-ipv6.ts";
import { TemporaryFolder } from "../../support/temporary-folder.ts";

const heading = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid";

/** A line of the kernel's table. */
function line(index: number, local: string, state: string): string {
  const remote = `${"0".repeat(local.length - 5)}:0000`;
  return `${String(index).padStart(4)}: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0`;
}

test("sockets that listen are counted by address, up to the first one that does not", () => {
  using folder = new TemporaryFolder();
  const four = [
    heading,
    line(0, "0100007F:0050", "0A"),
    line(1, "0100007F:0050", "0A"),
    line(2, "00000000:1F90", "0A"),
    line(3, "0100007F:0051", "01"),
    line(4, "0100007F:0052", "0A"),
  ];
  const six = [heading, line(0, "00000000000000000000000001000000:0050", "0A")];
  folder.replace("tcp", `${four.join("\n")}\n`);
  folder.replace("tcp6", `${six.join("\n")}\n`);
  const sockets = new ListeningSockets([
    { path: folder.file("tcp"), width: 13 },
    { path: folder.file("tcp6"), width: 37 },
  ]);
  const want = new Map([
    ["127.0.0.1:80", 2],
    ["0.0.0.0:8080", 1],
    ["[::1]:80", 1],
  ]);
  assert.deepEqual(sockets.read(), want);
  assert.deepEqual(sockets.read(), want, "from what is known by now");
});

test("where there are no such tables nothing is known", () => {
  assert.equal(new ListeningSockets([{ path: "/nowhere/tcp", width: 13 }]).read(), undefined);
});

const skip = process.platform === "linux" ? false : "the kernel tells this on Linux only";

for (const [host, shown] of [
  ["127.0.0.1", "127.0.0.1"],
  ["::1", "[::1]"],
] as const) {
  const missing = skip || (host === "::1" && noIPv6());
  test(`the kernel tells of one on ${host} while it listens`, { skip: missing }, async () => {
    const sockets = new ListeningSockets();
    const server = createServer().listen(0, host);
    await once(server, "listening");
    const bound = server.address();
    assert.ok(bound !== null && typeof bound === "object");
    const address = `${shown}:${bound.port}`;
    assert.equal(sockets.read()?.get(address), 1);
    server.close();
    await once(server, "close");
    assert.equal(sockets.read()?.get(address), undefined);
  });
}
