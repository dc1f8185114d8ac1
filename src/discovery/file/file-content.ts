import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";

/** What tells one content of a file from the next. */
export interface Fingerprint {
  /** Another one in its place has another one. */
  readonly file: string;
  readonly content: string;
}

/** A file's whole content at one moment. */
export interface FileContent {
  readonly text: string;
  /** In ms since the epoch. */
  readonly modifiedAt: number;
}

/** Reads a regular file of at most `limitBytes`; rejects with a reason for anything else. */
export async function readContent(path: string, limitBytes: number): Promise<FileContent> {
  // Not to block: opening a pipe would otherwise hold a thread until somebody writes to it.
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const stats = await file.stat({ bigint: true });
  if (!stats.isFile()) throw new Error("not a regular file");
  if (stats.size > BigInt(limitBytes)) throw new Error(`longer than ${limitBytes} bytes`);
  const bytes = await file.readFile();
  if (bytes.length > limitBytes) throw new Error(`longer than ${limitBytes} bytes`);
  return {
    text: new TextDecoder().decode(bytes),
    modifiedAt: Number(stats.mtimeMs),
  };
}

/** The fingerprint of what is there now; undefined while there is no file. */
export async function fingerprint(path: string): Promise<Fingerprint | undefined> {
  try {
    const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true });
    return { file: `${dev}:${ino}`, content: `${size}:${mtimeNs}` };
  } catch {
    // Whatever keeps it from being seen, the next look finds out and says why.
    return undefined;
  }
}

/** True when nothing has changed between two fingerprints. */
export function isSame(a: Fingerprint | undefined, b: Fingerprint | undefined): boolean {
  return a?.file === b?.file && a?.content === b?.content;
}
