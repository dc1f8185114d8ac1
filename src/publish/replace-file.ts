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
  await putFile(path, content);
}

/** As `replaceFile`, where nothing was a moment ago: spares a look at each of many. */
export async function putFile(path: string, content: string): Promise<void> {
  const draft = `${path}.tmp`;
  const file = await openDraft(draft).catch(async (error: unknown) => {
    if (!isCode(error, "EEXIST")) throw error;
    // What a crash left behind; anything but a file stops us here.
    if ((await standing(draft)) === "file") await unlink(draft);
    return await openDraft(draft);
  });
  try {
    await fill(file, content);
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

async function fill(file: FileHandle, content: string): Promise<void> {
  await using opened = file;
  // The umask would take away from it what its readers need.
  await opened.chmod(fileMode);
  await opened.writeFile(content);
  await opened.datasync();
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
