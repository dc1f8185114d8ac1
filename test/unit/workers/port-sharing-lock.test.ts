import assert from "node:assert/strict";
import { test } from "node:test";
import { PortSharingLock, PortsAreShared } from "../../../src/workers/port-sharing-lock.ts";

const skip = process.platform === "linux" ? false : "abstract names are Linux's";

/** Of this test alone: the names are known to the whole host. */
const as = `test-${process.pid}`;

function take(...hosts: string[]): Promise<PortSharingLock> {
  return PortSharingLock.take({ places: [{ as, hosts }], taken: (host) => `taken: ${host}` });
}

test(
  "who could get the same clients is locked out, a wildcard and an address of its family too",
  { skip },
  async () => {
    const rows: readonly { held: string[]; wanted: string[]; taken: string | undefined }[] = [
      { held: ["127.0.0.1"], wanted: ["127.0.0.1"], taken: "127.0.0.1" },
      { held: ["127.0.0.1"], wanted: ["127.0.0.2"], taken: undefined },
      { held: ["0.0.0.0"], wanted: ["127.0.0.1"], taken: "0.0.0.0" },
      { held: ["127.0.0.1"], wanted: ["0.0.0.0"], taken: "127.0.0.1" },
      { held: ["::"], wanted: ["::1"], taken: "::" },
      { held: ["::1"], wanted: ["10.0.0.1", "::"], taken: "::1" },
      { held: ["::"], wanted: ["0.0.0.0"], taken: undefined },
      { held: ["0.0.0.0"], wanted: ["::1"], taken: undefined },
      { held: ["0:0:0:0:0:0:0:1"], wanted: ["::1"], taken: "::1" },
    ];
    for (const { held, wanted, taken } of rows) {
      await using _ = await take(...held);
      const row = `${held.join()} then ${wanted.join()}`;
      if (taken === undefined) {
        await using lock = await take(...wanted);
        assert.ok(lock);
      } else {
        const refused = { message: `taken: ${taken}` };
        await assert.rejects(take(...wanted), refused, row);
        await assert.rejects(take(...wanted), PortsAreShared, "and nothing of it stays locked");
      }
    }
    await using all = await take("0.0.0.0", "::", "127.0.0.1");
    assert.ok(all, "one portolan may have both");
  },
);

test(
  "several places are locked by themselves, and none of them when one is taken",
  { skip },
  async () => {
    const taken = (host: string, of: string): string => `taken: ${host} ${of}`;
    const at = (...places: readonly [string, string][]): Promise<PortSharingLock> =>
      PortSharingLock.take({
        places: places.map(([of, host]) => ({ as: `${as}/${of}`, hosts: [host] })),
        taken,
      });
    await using _ = await at(["all", "127.0.0.1"], ["80", "0.0.0.0"]);
    const message = `taken: 0.0.0.0 ${as}/80`;
    await assert.rejects(at(["all", "127.0.0.2"], ["80", "127.0.0.2"]), { message });
    await using other = await at(["all", "127.0.0.2"], ["8", "127.0.0.1"], ["81", "0.0.0.0"]);
    assert.ok(other);
  },
);
