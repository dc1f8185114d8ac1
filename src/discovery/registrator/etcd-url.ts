import { formatAddress, isHost, parseAddress } from "../../model/address.ts";

/** Where the keys are. */
export interface EtcdLocation {
  /** Of the keys API, or of version 3's JSON gateway. */
  readonly version: 2 | 3;
  /** The members' client URLs, without a path. */
  readonly origins: readonly [string, ...string[]];
  /** The folder of the keys, without a slash at its end; empty for the root. */
  readonly prefix: string;
}

const defaultPort = 2379;

/** Reads `etcd://host:port[,host:port]/prefix` or `etcd3://…`; undefined when it is neither. */
export function parseEtcdUrl(text: string): EtcdLocation | undefined {
  const match = /^(etcd3?):\/\/([^/?#@]+)(\/[\u0021-\u0022\u0024-\u003E\u0040-\u007E]*)?$/.exec(
    text,
  );
  if (match === null) return undefined;
  const [, scheme, hosts = "", path = ""] = match;
  const origins = hosts.split(",").map(toOrigin);
  const [first, ...others] = origins.filter((origin) => origin !== undefined);
  if (first === undefined || others.length + 1 < origins.length) return undefined;
  const prefix = path.replaceAll(/\/+/g, "/").replace(/\/$/, "");
  return { version: scheme === "etcd3" ? 3 : 2, origins: [first, ...others], prefix };
}

function toOrigin(text: string): string | undefined {
  const address =
    parseAddress(text) ??
    (isHost(text) && !text.includes(":") ? { host: text, port: defaultPort } : undefined);
  return address === undefined ? undefined : `http://${formatAddress(address)}`;
}
