import { formatAddress } from "../model/address.ts";

/** `0100007F:0050`, as tables of the kernel have it, to `127.0.0.1:80`; undefined for what is no address [proc_net]. */
export function addressOf(hex: string): string | undefined {
  const match = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(hex);
  if (match === null) return undefined;
  const [, host = "", port = ""] = match;
  return formatAddress({ host: hostOf(host), port: Number.parseInt(port, 16) });
}

/** Each group of four bytes is written as one number of this machine's, so little endian wherever we run. */
function hostOf(hex: string): string {
  const bytes = Buffer.from(hex, "hex");
  bytes.swap32();
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, index) =>
    bytes.readUInt16BE(index * 2).toString(16),
  );
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}
