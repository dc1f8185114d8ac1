import { spawnSync } from "node:child_process";
import { formatAddress } from "../../src/model/address.ts";
import type { Contender } from "./contender.ts";
import { type External, startExternal } from "./external.ts";

const external: External = {
  command: "pen",
  // -f: stay in the foreground; -r: no memory of clients, as the others have none; -U: UDP, which needs that memory.
  args: (listen, { replica, protocol, connections = 4000 }) => [
    protocol === "udp" ? "-fU" : "-fr",
    // Clients it remembers, connections at a time.
    `-c${connections + 96}`,
    `-x${connections + 96}`,
    formatAddress(listen),
    formatAddress(replica),
  ],
};

/** Pen, the proxy that proxymatic started. */
export const pen: Contender = {
  name: "pen",
  find: () => {
    const { error } = spawnSync("pen", ["-h"]);
    if (error !== undefined) return { kind: "missing", reason: "pen is not installed" };
    // It never tells its own version; the packages of Debian do.
    const format = ["-W", "-f", "pen ${Version}", "pen"];
    const { stdout } = spawnSync("dpkg-query", format, { encoding: "utf8" });
    const version = typeof stdout === "string" && stdout !== "" ? stdout : "pen, version unknown";
    return { kind: "found", version };
  },
  start: (setup) => startExternal(external, setup),
};
