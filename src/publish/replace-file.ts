import { constants } from "node:fs";
import { lstat, open, rename, unlink, type FileHandle } from "node:fs/promises";

const fileMode = 0o660;

/** What is at a path; whatever is neither a regular file nor nothing is in the way. */
export async function standing(path: string): Promise<"nothing" | "file"> {
  const stats = await lstat(path).catch((error: unknown) => {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  });
  if (stats === undefined) return "nothing";
  if (stats.isFile()) return "file";
  throw new Error(
    `${stats.isSymbolicLink() ? "a symbolic link" : "no regular file"} is in the way`,
  );
}

/** The text of a regular file, at most `limitBytes` of it; never through a symbolic link. */
export async function readOwn(path: string, limitBytes: number): Promise<string> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  await using file = await open(path, flags);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(limitBytes), 0, limitBytes, 0);
  return buffer.toString("utf8", 0, bytesRead);
}

/**
 * Puts a complete file in the place of another, or of nothing: readers see the one or the other, also after a crash.
 * When it rejects, the old one is as it was.
 */
export async function replaceFile(path: string, content: string): Promise<void> {
  await standing(path);
  await place(path, content, (file) => file.datasync());
}

/**
 * Puts a complete file where nothing was a moment ago, and leaves it to the kernel when it reaches the disk: there is no
 * old one to lose, and each of many would wait for the disk. After a crash of the machine it may be empty.
 */
export async function putFile(path: string, content: string): Promise<void> {
  await place(path, content, async () => {});
}

async function place(path: string, content: string, settle: Settle): Promise<void> {
  const draft = `${path}.tmp`;
  const file = await openDraft(draft).catch(async (error: unknown) => {
    if (!isCode(error, "EEXIST")) throw error;
    // What a crash left behind; anything but a file stops us here.
    if ((await standing(draft)) === "file") await unlink(draft);
    return await openDraft(draft);
  });
  try {
    await fill(file, content, settle);
    await rename(draft, path);
  } catch (error) {
    // The first error is the one to tell, and a draft that stays is taken away next time.
    await unlink(draft).catch(() => undefined);
    throw error;
  }
}

async function openDraft(draft: string): Promise<FileHandle> {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  return await open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, fileMode);
}

/** Awaits what must have happened before a file takes its place. */
type Settle = (file: FileHandle) => Promise<void>;

async function fill(file: FileHandle, content: string, settle: Settle): Promise<void> {
  await using opened = file;
  // The umask would take away from it what its readers need.
  await opened.chmod(fileMode);
  await opened.writeFile(content);
  await settle(opened);
}

/** Takes a file away; false when there is none. */
export async function removeFile(path: string): Promise<boolean> {
  if ((await standing(path)) === "nothing") return false;
  await unlink(path);
  return true;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
