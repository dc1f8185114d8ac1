import { accessLogs, choice, onOff } from "../choices.ts";
import { wholeNumber } from "../numbers.ts";
import { portOrNone } from "../places.ts";
import { addresses, domainName, filePath } from "../texts.ts";
import type { Options } from "../option.ts";

export const gatewayOptions: Options<
  | "vhostDomain"
  | "vhostPort"
  | "enableGateway"
  | "gatewayBind"
  | "gatewayPortHttp"
  | "gatewayPortHttps"
  | "gatewayConnections"
  | "proxyProtocol"
  | "tlsCertDir"
  | "accessLog"
> = {
  vhostDomain: {
    flag: "vhost-domain",
    describe: "Serve each app as <its reversed path>.<this> on --vhost-port, by its lowest port",
    reader: domainName,
    fallback: undefined,
  },
  vhostPort: {
    flag: "vhost-port",
    describe: "HTTP port of these names",
    reader: wholeNumber({ least: 1, most: 65_535 }),
    fallback: 80,
  },
  enableGateway: {
    flag: "enable-gateway",
    describe: "Serve the host names that apps claim by label, on the two ports below",
    reader: onOff,
    fallback: false,
  },
  gatewayBind: {
    flag: "gateway-bind",
    describe: "IP addresses that the ports of host names bind to",
    reader: addresses,
    fallback: Object.freeze(["0.0.0.0"]),
  },
  gatewayPortHttp: {
    flag: "gateway-port-http",
    describe: "Port for HTTP by host name",
    reader: portOrNone,
    fallback: 80,
    emptyIsValue: true,
  },
  gatewayPortHttps: {
    flag: "gateway-port-https",
    describe: "Port for TLS by server name",
    reader: portOrNone,
    fallback: 443,
    emptyIsValue: true,
  },
  gatewayConnections: {
    flag: "gateway-connections",
    describe: "Connections per port of host names at the same time",
    reader: wholeNumber({ least: 1, most: 1_000_000 }),
    fallback: 16_384,
  },
  proxyProtocol: {
    flag: "proxy-protocol",
    describe:
      "Clients of host names begin with a PROXY header; private networks are trusted by default",
    reader: onOff,
    fallback: false,
  },
  tlsCertDir: {
    flag: "tls-cert-dir",
    describe:
      "Directory of certificates with which TLS ends here: NAME.crt and NAME.key, or NAME.pem",
    reader: filePath,
    fallback: undefined,
  },
  accessLog: {
    flag: "access-log",
    describe: "One line per request or connection: off, json, or HAProxy's httplog or tcplog",
    reader: choice(accessLogs),
    fallback: "off",
  },
};
