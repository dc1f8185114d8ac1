import { crc32c } from "./crc32c.ts";
import type { HeaderFlaw } from "./header.ts";

const checksumType = 0x03;
const checksumLength = 4;
const absent = -1;

/**
 * What is wrong with the additions from `at` to the end of a whole header: they must fill it exactly, and a CRC32c
 * among them must be right [proxy-protocol §2.2.3]. Types are not otherwise looked at.
 */
export function flawOfTlvs(header: Buffer, start: number): HeaderFlaw | undefined {
  let checksumAt = absent;
  let at = start;
  while (at < header.length) {
    const value = at + 3;
    if (value > header.length) return "tlv";
    const end = value + header.readUInt16BE(at + 1);
    if (end > header.length) return "tlv";
    if (header[at] === checksumType) {
      // One only: each more would cost a pass over the whole header.
      if (checksumAt !== absent || end - value !== checksumLength) return "checksum";
      checksumAt = value;
    }
    at = end;
  }
  return checksumAt === absent || isRight(header, checksumAt) ? undefined : "checksum";
}

// The sum is that of the header with zeroes in the place of the sum.
function isRight(header: Buffer, at: number): boolean {
  const before = crc32c(header.subarray(0, at));
  const blank = crc32c(Buffer.alloc(checksumLength), before);
  return crc32c(header.subarray(at + checksumLength), blank) === header.readUInt32BE(at);
}
