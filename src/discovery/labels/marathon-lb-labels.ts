import type { BalancePolicy } from "../../model/policy.ts";
import { indexed, noOption, readDialect, saying, sets, type Meaning } from "./dialect.ts";
import type { Term } from "./dialect.ts";
import type { LabelReader } from "./reading.ts";
import { hostNames, words } from "./texts.ts";
import { choice, numberOf, oneOf, onlyNetworks, onOff, type Reading } from "./values.ts";

const prefix = "HAPROXY_";
const port = { least: 0, most: 65_535 } as const;
/** The cookie that marathon-lb sets, so that clients keep their replica when this proxy takes over. */
const cookie = "mesosphere_server_id";

const algorithms = oneOf<BalancePolicy>([
  ["roundrobin", "roundrobin"],
  ["static-rr", "roundrobin"],
  ["leastconn", "leastconn"],
  ["source", "source"],
  ["first", "first"],
  ["random", "random2"],
]);

/** Of one port: what follows `HAPROXY_<N>_`. */
const meanings: ReadonlyMap<string, Meaning> = new Map([
  ["GROUP", sets("groups", words)],
  ["ENABLED", sets("enabled", onOff)],
  ["PORT", sets("servicePort", numberOf({ ...port, least: 1 }))],
  ["MODE", sets("mode", choice(["tcp", "http"]))],
  ["BALANCE", sets("balance", algorithms)],
  [
    "VHOST",
    saying(hostNames, (httpHosts) => ({ settings: { httpHosts }, implied: { mode: "http" } })),
  ],
  ["STICKY", saying(onOff, (isOn) => ({ settings: { stickyCookie: isOn ? cookie : "" } }))],
  ["BACKEND_NETWORK_ALLOWED_ACL", sets("allow", onlyNetworks)],
  ["BACKEND_HEALTHCHECK_PORT_INDEX", sets("checkPortIndex", numberOf(port))],
]);

/** Of the app: what follows `HAPROXY_`. What belongs to a deployment is read over all of its apps. */
const appMeanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ["GROUP", sets("groups", words)],
  ["DEPLOYMENT_GROUP", silent],
  ["DEPLOYMENT_ALT_PORT", silent],
  ["DEPLOYMENT_COLOUR", silent],
  ["DEPLOYMENT_NEW_INSTANCES", silent],
  ["DEPLOYMENT_STARTED_AT", silent],
  [
    "DEPLOYMENT_TARGET_INSTANCES",
    saying(numberOf({ least: 0, most: 999_999_999 }), () => ({ settings: {} })),
  ],
]);

/** Options of marathon-lb that are not of this proxy. Its weight orders rules and is no share of the traffic. */
const foreign = new Set([
  "AUTH",
  "BACKEND_WEIGHT",
  "BIND_ADDR",
  "BIND_OPTIONS",
  "PATH",
  "REDIRECT_TO_HTTPS",
  "SSL_CERT",
  "USE_HSTS",
]);

/** Text for HAProxy's own configuration, of one app or of one port. */
const template =
  /^(?:(?:MAP_)?HTTPS?_FRONTEND_\w+|(?:HTTP|TCP)_BACKEND_\w+|FRONTEND_\w+|BACKEND_(?:HEAD|REDIRECT_\w+|\w*OPTIONS)|HEAD|\w*_HEAD)$/;

const noMeaning: Term = { kind: "stray", why: "has no meaning here" };
const noTemplate: Term = { kind: "stray", why: "is text for HAProxy's configuration" };

/** Reads `HAPROXY_<N>_<OPTION>`, `HAPROXY_GROUP` and `HAPROXY_DEPLOYMENT_<…>`, which stand on the app. */
export const readMarathonLbLabels: LabelReader = (app) =>
  readDialect({ onApp: termOf, onPort: misplaced }, app);

function termOf(name: string): Term | undefined {
  if (!name.startsWith(prefix)) return undefined;
  const whole = name.slice(prefix.length);
  const ofApp = appMeanings.get(whole);
  if (ofApp !== undefined) return { kind: "means", meaning: ofApp };
  const { index, rest } = indexed(whole, "_") ?? { index: undefined, rest: whole };
  const meaning = meanings.get(rest);
  if (meaning !== undefined && index !== undefined) return { kind: "means", meaning, index };
  if (template.test(rest)) return noTemplate;
  return foreign.has(rest) && index !== undefined ? noMeaning : noOption;
}

function silent(): Reading<never> {
  return { value: undefined, faults: [] };
}

function misplaced(name: string): Term | undefined {
  return name.startsWith(prefix) ? { kind: "stray", why: "is read on the app alone" } : undefined;
}
