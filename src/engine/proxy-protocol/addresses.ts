import { isIPv4, isIPv6 } from "node:net";

const groupsOfIPv6 = 8;
const mappedPrefix = Buffer.from("00000000000000000000ffff", "hex");

/** The 4 or 16 bytes of an IP literal, an IPv4-mapped one as IPv4 and without its zone; undefined for anything else. */
export function hostBytes(host: string): Buffer | undefined {
  if (isIPv4(host)) return Buffer.from(octets(host));
  if (!isIPv6(host)) return undefined;
  const [literal = ""] = host.split("%", 1);
  return unmapped(bytesOfIPv6(literal));
}

/** The inverse of `hostBytes`: dotted decimal, or IPv6 in hexadecimal only [rfc5952 §4]. */
export function hostText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: groupsOfIPv6 }, (_, index) => bytes.readUInt16BE(2 * index));
  const zeroes = longestZeroes(groups);
  if (zeroes.length < 2) return hexadecimal(groups);
  const [head, tail] = [groups.slice(0, zeroes.at), groups.slice(zeroes.at + zeroes.length)];
  return `${hexadecimal(head)}::${hexadecimal(tail)}`;
}

/** The IPv4 address within an IPv4-mapped one; others are given back as they are. */
export function unmapped(bytes: Buffer): Buffer {
  const isMapped = bytes.length === 16 && bytes.subarray(0, 12).equals(mappedPrefix);
  return isMapped ? bytes.subarray(12) : bytes;
}

/** An address as IPv6, an IPv4 one mapped into it. */
export function mapped(bytes: Buffer): Buffer {
  return bytes.length === 4 ? Buffer.concat([mappedPrefix, bytes]) : bytes;
}

function octets(dotted: string): number[] {
  return dotted.split(".").map(Number);
}

function bytesOfIPv6(literal: string): Buffer {
  const [head = [], tail = []] = literal.split("::").map(groupBytes);
  const bytes = Buffer.alloc(2 * groupsOfIPv6);
  bytes.set(head, 0);
  bytes.set(tail, bytes.length - tail.length);
  return bytes;
}

function groupBytes(part: string): number[] {
  if (part === "") return [];
  return part.split(":").flatMap((group) => {
    if (group.includes(".")) return octets(group);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 255];
  });
}

function hexadecimal(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(":");
}

/** The first of the longest runs of zeroes. */
function longestZeroes(groups: readonly number[]): { at: number; length: number } {
  let longest = { at: 0, length: 0 };
  let length = 0;
  for (const [index, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > longest.length) longest = { at: index - length + 1, length };
  }
  return longest;
}
