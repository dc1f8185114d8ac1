/** Castagnoli's polynomial, bits reversed [rfc4960 appendix B]. */
const polynomial = 0x82f63b78;

const table: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    remainder = (remainder >>> 1) ^ (remainder & 1 ? polynomial : 0);
  }
  return remainder;
});

/** The CRC32c of the bytes, as an unsigned number; `before` is that of the bytes that precede them. */
export function crc32c(bytes: Uint8Array, before: number = 0): number {
  let remainder = ~before;
  for (const byte of bytes) {
    remainder = (remainder >>> 8) ^ (table[(remainder ^ byte) & 255] ?? 0);
  }
  return ~remainder >>> 0;
}
