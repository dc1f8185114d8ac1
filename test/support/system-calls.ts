import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { eventually } from "./eventually.ts";
import { TemporaryDirectory } from "./real-server.ts";

/** How often each system call was made; `watch` is a change of what the event loop watches, however it was made. */
export type SystemCalls = ReadonlyMap<string, number>;

/** The kernel does not let us watch another process. */
export class TraceRefused extends Error {
  readonly code = "TRACE_REFUSED";
}

/** What a thread does when it waits, wakes another or manages its memory: it depends on the moment, not on the work. */
const unrelated = new Set(
  (
    "epoll_wait epoll_pwait epoll_pwait2 futex sched_yield restart_syscall " +
    "madvise mprotect mmap munmap getpid"
  ).split(" "),
);

/** The thread of a program of ours that forwards; with one worker there is one. */
export function forwardingThread(pid: number): number {
  const found = readdirSync(`/proc/${pid}/task`).filter((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/comm`, "utf8").includes("WorkerThread"),
  );
  if (found.length !== 1) throw new Error(`${found.length} threads that may forward`);
  return Number(found[0]);
}

/** Counts what one thread asks of the kernel while `work` runs; rejects with TraceRefused where that is not allowed. */
export async function countSystemCalls(
  thread: number,
  work: () => Promise<void>,
): Promise<SystemCalls> {
  using folder = new TemporaryDirectory();
  const log = folder.write("calls", "");
  // -y: descriptors are shown with what they are; -s 0: bytes are not shown.
  const tracer = spawn("strace", ["-y", "-s", "0", "-o", log, "-p", String(thread)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  tracer.on("error", (error) => (said += error.message));
  tracer.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(tracer, "close");
  try {
    const hasEnded = (): boolean => tracer.exitCode !== null || tracer.signalCode !== null;
    await eventually(() => hasEnded() || said.includes("attached"), {
      what: "strace has attached",
    });
    if (hasEnded()) throw new TraceRefused(said.trim());
    await work();
  } finally {
    tracer.kill("SIGINT");
    await ended;
  }
  return readCalls(readFileSync(log, "utf8"));
}

/** Reads what strace wrote: a line per call. */
export function readCalls(log: string): SystemCalls {
  const calls = new Map<string, number>();
  const count = (name: string, times: number): void =>
    void calls.set(name, (calls.get(name) ?? 0) + times);
  for (const line of log.split("\n")) {
    const [, name = ""] = /^(\w+)\(/.exec(line) ?? [];
    // Other threads wake this one through an eventfd, whenever they have something for it.
    if (name === "" || unrelated.has(name) || line.includes("<anon_inode:[eventfd]>")) continue;
    // [libuv: io_uring] Where the kernel can, several changes of what is watched go in one call, which says how many.
    const [, submitted] = /^io_uring_enter\([^,]*, (\d+),/.exec(line) ?? [];
    if (submitted !== undefined) count("watch", Number(submitted));
    else count(name === "epoll_ctl" ? "watch" : name, 1);
  }
  return calls;
}
