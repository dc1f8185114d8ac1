/**
 * FNV-1a, 32 bits, of a text of ASCII characters from index `start` on [draft-eastlake-fnv]. Similar texts give
 * similar numbers, so it is to be mixed before its bits are compared.
 */
export function fnv1a32(text: string, start = 0): number {
  let hash = 0x811c9dc5;
  for (let index = start; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** The finaliser of MurmurHash3: any input bit flips any output bit half the time [smhasher: fmix32]. */
export function mix32(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
