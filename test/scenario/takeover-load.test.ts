import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { inOwnNetwork, lacksOwnNetwork } from "../support/own-network.ts";

const settings = { "net.ipv4.tcp_migrate_req": 1 };

test(
  "with the kernel's request migration no connection is lost while portolan is replaced under load (L09)",
  { skip: lacksOwnNetwork(settings) },
  async () => {
    const options = ["--connections", "5000", "--replacements", "2", "--workers", "2"];
    const soak = [process.execPath, "test/soak/takeover.ts", ...options];
    const { file, args } = inOwnNetwork(settings, soak);
    const { stdout } = await promisify(execFile)(file, args, { timeout: 100_000 });
    const figures: unknown = JSON.parse(stdout);
    assert.ok(typeof figures === "object" && figures !== null);
    assert.ok("lost" in figures && "replacements" in figures && "connections" in figures);
    assert.deepEqual(figures.lost, {});
    assert.ok(Number(figures.connections) >= 5000 && Number(figures.replacements) >= 2);
  },
);
