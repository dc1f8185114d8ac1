import { isIP } from "node:net";

import { isHost, isPort, parseAddress } from "../model/address.ts";
import { refused, textOf, type Reader } from "./reader.ts";
import { listOf, matching } from "./texts.ts";

/** Reads where a registrator writes to; the source that reads it looks closer. */
export const etcdUrl: Reader<string> = matching(
  "etcd://host:port[,host:port]/prefix, or etcd3:// for version 3",
  (text) => /^etcd3?:\/\/[^/?#@\s]+(?:\/[^\s]*)?$/.test(text),
);

/** Reads where a Consul agent answers. */
export const consulUrl: Reader<string> = matching(
  "an http:// or https:// URL, such as http://127.0.0.1:8500",
  (text) => {
    const url = /^https?:\/\/[^/@]/i.test(text) ? URL.parse(text) : null;
    return url !== null && url.username === "" && url.search === "" && url.hash === "";
  },
);

/** Reads where a Docker engine answers. */
export const dockerUrl: Reader<string> = matching("unix:///path or tcp://host:port", (text) =>
  /^(?:unix:\/\/\/[^\0]+|tcp:\/\/[^/@\s]+)$/.test(text),
);

/** Reads a comma list of DNS names with the service port that each is served on; what it takes, the source takes. */
export const srvNames: Reader<readonly string[]> = listOf(
  "name=port pairs separated by commas, such as _web._tcp.marathon.mesos=1234",
  (item) => {
    const [, name = "", port] = /^([^=:]+)=([1-9]\d{0,4})$/.exec(item) ?? [];
    return isHost(name) && isPort(Number(port));
  },
);

/** Reads a comma list of name servers, each with a port of its own or the usual one. */
export const nameServers: Reader<readonly string[]> = listOf(
  "IP addresses of name servers separated by commas, such as 10.0.0.2,127.0.0.1:8600",
  (item) => isIP(item) !== 0 || isIP(parseAddress(item)?.host ?? "") !== 0,
);

/** Reads a port; empty text is none. */
export const portOrNone: Reader<number | undefined> = {
  takes: "value",
  accepts: 'a port from 1 to 65535, or "" for none',
  parse(raw) {
    const text = textOf(raw);
    if (text === "") return { kind: "value", value: undefined };
    const port = /^\d{1,5}$/.test(text ?? "") ? Number(text) : 0;
    return isPort(port) ? { kind: "value", value: port } : refused(raw);
  },
  format: (port) => (port === undefined ? "" : String(port)),
};
