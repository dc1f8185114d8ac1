import { noOption, readDialect, saying, sets, type Meaning, type Term } from "./dialect.ts";
import type { LabelReader, PortSettings } from "./reading.ts";
import { hostNames, words } from "./texts.ts";
import { numberOf, oneOf, onOff, proxyVersion } from "./values.ts";

/**
 * What is spoken on a port. [mmsd: documented meaning] `redis` is any Redis and `redis-slave` only a replica of one;
 * its code demanded a master for the first and asked nothing of the second.
 */
const protocols = oneOf<Partial<PortSettings>>([
  ["http", { mode: "http", kind: "http" }],
  ["https", { mode: "tcp", kind: "https" }],
  ["redis", { mode: "tcp", kind: "redis" }],
  ["redis-server", { mode: "tcp", kind: "redis" }],
  ["redis-master", { mode: "tcp", kind: "redis-master" }],
  ["redis-slave", { mode: "tcp", kind: "redis-slave" }],
  ["smtp", { mode: "tcp", kind: "smtp" }],
  ["tcp", { mode: "tcp", kind: "tcp" }],
]);

/** Each stands on a port, or on the app for all of its ports. */
const meanings: ReadonlyMap<string, Meaning> = new Map([
  ["proto", saying(protocols, (settings) => ({ settings }))],
  ["lb-group", sets("groups", words)],
  ["lb-accept-proxy", sets("acceptProxy", onOff)],
  ["lb-proxy-protocol", sets("sendProxy", proxyVersion)],
  ["lb-vhost", sets("httpHosts", hostNames)],
  ["lb-vhost-default", sets("httpDefault", onOff)],
  ["lb-vhost-ssl", sets("tlsHosts", hostNames)],
  ["lb-vhost-ssl-default", sets("tlsDefault", onOff)],
  ["lb-vhost-default-ssl", sets("tlsDefault", onOff)],
  [
    "disable-haproxy-health-check",
    saying(onOff, (isOff) => ({ settings: isOff ? { health: "marathon" } : {} })),
  ],
  [
    "http-connection-mode",
    sets(
      "httpReuse",
      oneOf([
        ["httpclose", "close"],
        ["http-server-close", "server-close"],
        ["http-keep-alive", "keep-alive"],
      ]),
    ),
  ],
  [
    "lb-mode",
    sets(
      "datagrams",
      oneOf([
        ["roundrobin", "session"],
        ["multicast", "multicast"],
      ]),
    ),
  ],
]);

/** [mmsd: documented meaning] On the app, the value is the index of the port that takes what nobody claims. */
const onApp: ReadonlyMap<string, Meaning> = new Map([
  ...meanings,
  ["lb-vhost-default", defaultPort("httpDefault")],
  ["lb-vhost-ssl-default", defaultPort("tlsDefault")],
  ["lb-vhost-default-ssl", defaultPort("tlsDefault")],
]);

/** Reads mmsd's labels, on a port or on the app. */
export const readMmsdLabels: LabelReader = (app) =>
  readDialect(
    { onApp: (name) => termOf(name, onApp), onPort: (name) => termOf(name, meanings) },
    app,
  );

function defaultPort(setting: "httpDefault" | "tlsDefault"): Meaning {
  return saying(numberOf({ least: 0, most: 65_535 }), (port, index) => ({
    settings: port === index ? { [setting]: true } : {},
  }));
}

function termOf(name: string, known: ReadonlyMap<string, Meaning>): Term | undefined {
  const meaning = known.get(name);
  if (meaning !== undefined) return { kind: "means", meaning };
  if (name === "haproxy-logging") return { kind: "stray", why: "has no meaning here" };
  return name.startsWith("lb-") ? noOption : undefined;
}
