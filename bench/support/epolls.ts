import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/**
 * How many files each event loop of a process watches, most first: a thread has a loop and that an epoll instance of
 * its own, so connections can be told apart by the thread that has them.
 */
export function watchedFiles(pid: number): number[] {
  const watched: number[] = [];
  for (const file of readdirSync(`/proc/${pid}/fd`)) {
    try {
      if (readlinkSync(`/proc/${pid}/fd/${file}`) !== "anon_inode:[eventpoll]") continue;
      const info = readFileSync(`/proc/${pid}/fdinfo/${file}`, "utf8");
      watched.push(info.match(/^tfd:/gm)?.length ?? 0);
    } catch {
      // Closed since it was listed.
    }
  }
  return watched.toSorted((one, other) => other - one);
}
