import assert from "node:assert/strict";
import { closeSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { test } from "node:test";
import { EngineFixture } from "../support/engine-fixture.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { echo, TcpReplica } from "../support/tcp-replica.ts";

const skip =
  process.platform === "linux" ? false : "descriptors are found by their sockets on Linux only";

/** The descriptor of our socket that listens on this port. */
function descriptorOf(port: number): number | undefined {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const line = new RegExp(`: 0100007F:${hex} \\S+ 0A (?:\\S+ +){5}(\\d+)`);
  const inode = line.exec(readFileSync("/proc/self/net/tcp", "latin1"))?.[1];
  return readdirSync("/proc/self/fd")
    .map(Number)
    .find((fd) => linkOf(fd) === `socket:[${inode}]`);
}

function linkOf(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // The one that the folder was read by.
    return "";
  }
}

test(
  "a listener whose descriptor was closed behind its back is bound anew, again and again (B08)",
  { skip },
  async () => {
    await using replica = await TcpReplica.start(echo);
    await using proxy = new EngineFixture();
    const port = await freePort();
    await proxy.serve(port, [replica.port]);
    await using running = await TcpClient.open(port);
    for (const word of ["one ", "two "]) {
      // While other sockets come and go, a look at the kernel's table may miss one.
      const descriptor = await eventually(() => descriptorOf(port));
      closeSync(descriptor);
      assert.equal(descriptorOf(port), undefined);
      proxy.engine.renew(new Set([`127.0.0.1:${port}`]));
      await eventually(() => descriptorOf(port) !== undefined);
      await using fresh = await TcpClient.open(port);
      fresh.socket.end(word);
      await eventually(() => fresh.text === word);
      running.socket.write(word);
    }
    await eventually(() => running.text === "one two ");
  },
);
