import { existsSync, readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "./eventually.ts";

interface PouringOptions {
  /** What is said again and again. Default bytes without a meaning. */
  readonly piece?: Buffer;
  /** Ends it once true; default: it ends with the socket. */
  readonly isOver?: () => boolean;
}

const meaningless = Buffer.alloc(256 * 1024, "z");

/** Says as much as is taken: how much waits in the kernel's buffers is each machine's own affair. */
export function pour(
  socket: Socket,
  { piece = meaningless, isOver = () => false }: PouringOptions = {},
): void {
  const more = (): void => {
    while (socket.writable && !isOver() && socket.write(piece));
  };
  socket.on("drain", more);
  more();
}

/** Waits until a number that has grown is the same ten times in a row, and gives it; fails when it goes on for a minute. */
export async function untilStill(read: () => number): Promise<number> {
  let before = 0;
  let same = 0;
  const isStill = async (): Promise<boolean> => {
    await wait(10);
    const now = read();
    same = now > 0 && now === before ? same + 1 : 0;
    before = now;
    return same === 10;
  };
  await eventually(isStill, { withinMs: 60_000, what: "an end of what moves" });
  return before;
}

/** The most that the kernel takes for both sides of one connection, in bytes. */
export function mostInKernel(): number {
  const most = (name: string): number => {
    const path = `/proc/sys/net/ipv4/${name}`;
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    return Number(text.trim().split(/\s+/)[2] ?? 8 * 1024 * 1024);
  };
  return most("tcp_rmem") + most("tcp_wmem");
}
