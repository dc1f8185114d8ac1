import type { Certificate } from "../model/gateway.ts";
import { printable, type Problem } from "../model/problem.ts";

/** Of two for one name the first is used: one that is valid, then the one that is so for longer, then by file. */
export function inOrderOfUse(certificates: readonly Certificate[], now: number): Certificate[] {
  return certificates.toSorted(
    (one, other) =>
      Number(isValid(other, now)) - Number(isValid(one, now)) ||
      other.validTo - one.validTo ||
      (one.file < other.file ? -1 : 1),
  );
}

/** A problem for each that is used out of its time, for want of a better one; they are given in order of use. */
export function outOfTime(certificates: readonly Certificate[], now: number): Problem[] {
  const taken = new Set<string>();
  return certificates.flatMap((certificate) => {
    const isUsed = certificate.names.some((name) => !taken.has(name));
    for (const name of certificate.names) taken.add(name);
    return isUsed && !isValid(certificate, now) ? [problemOf(certificate, now)] : [];
  });
}

function isValid({ validFrom, validTo }: Certificate, now: number): boolean {
  return validFrom <= now && now <= validTo;
}

function problemOf({ file, validFrom, validTo }: Certificate, now: number): Problem {
  const why =
    now > validTo ? `has expired on ${dateOf(validTo)}` : `is valid only from ${dateOf(validFrom)}`;
  const reason = `the certificate ${why}: it is used, as there is no better one`;
  return { kind: "certificate", subject: printable(file, 100), reason };
}

function dateOf(time: number): string {
  return new Date(time).toISOString();
}
