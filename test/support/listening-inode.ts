import { readFileSync } from "node:fs";

/** The inode of the socket that listens on a port of 127.0.0.1; it changes when the socket does. */
export function listeningInode(port: number): string | undefined {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const rows = readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/));
  return rows.find((row) => row[1] === `0100007F:${hex}` && row[3] === "0A")?.[9];
}
