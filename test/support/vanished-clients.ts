import { spawnSync } from "node:child_process";

/** Connects so many times, each time says something and resets; in a process that knows nothing but this. */
const script = `
const [port, bytes, count] = process.argv.slice(1);
const { connect } = require("node:net");
const visit = (left) => {
  if (left === 0) return;
  const socket = connect(Number(port), "127.0.0.1", () => {
    socket.write(bytes, () => socket.resetAndDestroy());
  });
  socket.on("error", () => undefined);
  socket.on("close", () => visit(left - 1));
};
visit(Number(count));
`;

/**
 * Clients of this thread's listener that have come, spoken and reset before it looks up: the kernel hands over their
 * sockets and what they said, but knows no address of them any more.
 */
export function vanishedClients(port: number, bytes: string, count = 20): void {
  const args = ["-e", script, String(port), bytes, String(count)];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`the clients failed: ${stderr}`);
}
