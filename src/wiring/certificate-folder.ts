import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import type { Certificate } from "../model/gateway.ts";
import { printable, type Problem } from "../model/problem.ts";

/** Files that are read at most; a certificate for each of so many names. */
const mostFiles = 4096;
const mostBytes = 256 * 1024;

/** What a directory of certificates holds. */
export interface ReadCertificates {
  /** Those that can be used, in the order of their files. */
  readonly certificates: readonly Certificate[];
  /** True for a file that is there, as far as is known, and cannot be used. */
  readonly isBad: (file: string) => boolean;
  /** One for each file that cannot be used, none with anything of its contents. */
  readonly problems: readonly Problem[];
}

/**
 * Reads `NAME.crt` with `NAME.key`, and `NAME.pem` that holds both; other files are not ours. A bad one harms only itself.
 * `known` were read before: those that are still the same are not tried again.
 */
export async function readCertificates(
  folder: string,
  known: readonly Certificate[] = [],
): Promise<ReadCertificates> {
  const certificates: Certificate[] = [];
  const problems: Problem[] = [];
  const bad = new Set<string>();
  const byFile = new Map(known.map((certificate) => [certificate.file, certificate]));
  try {
    const files = (await readdir(folder)).filter((file) => /\.(?:crt|pem)$/.test(file)).toSorted();
    for (const file of files.slice(0, mostFiles)) {
      try {
        certificates.push(await readCertificate(folder, file, byFile.get(file)));
      } catch (error) {
        bad.add(file);
        problems.push(problemOf(file, error));
      }
    }
  } catch (error) {
    return { certificates: [], isBad: () => true, problems: [problemOf(folder, error)] };
  }
  return { certificates, isBad: (file) => bad.has(file), problems };
}

async function readCertificate(
  folder: string,
  file: string,
  known: Certificate | undefined,
): Promise<Certificate> {
  const chain = await readText(join(folder, file));
  const isPair = file.endsWith(".crt");
  const key = isPair ? await readText(join(folder, file.replace(/crt$/, "key"))) : chain;
  if (known !== undefined && known.chain === chain && known.key === key) return known;
  // Throws for what is broken, and for a key that belongs to another certificate; an empty key is none to it.
  createSecureContext({ cert: chain, key });
  const certificate = new X509Certificate(chain);
  if (!certificate.checkPrivateKey(createPrivateKey(key))) throw new Error("the key is another's");
  const names = namesOf(certificate);
  if (names.length === 0) throw new Error("it is for no DNS name");
  const validFrom = certificate.validFromDate.getTime();
  const validTo = certificate.validToDate.getTime();
  return { file, chain, key, names, validFrom, validTo };
}

async function readText(path: string): Promise<string> {
  const text = await readFile(path, "utf8");
  if (text.length > mostBytes) throw new Error("the file is too large");
  return text;
}

/** The DNS names it is for; the common name counts for nothing [rfc9525 §2]. */
function namesOf({ subjectAltName = "" }: X509Certificate): string[] {
  return subjectAltName.split(", ").flatMap((item) => {
    const name = /^DNS:((?:\*\.)?[\w-]+(?:\.[\w-]+)*)$/.exec(item)?.[1];
    return name === undefined ? [] : [name.toLowerCase()];
  });
}

function problemOf(file: string, error: unknown): Problem {
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  const why = typeof code === "string" ? code : error instanceof Error ? error.message : "unknown";
  const reason = `the certificate is not used: ${printable(why, 100)}`;
  return { kind: "certificate", subject: printable(file, 100), reason };
}
