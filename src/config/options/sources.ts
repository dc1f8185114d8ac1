import { choice, onOff, ranking, sourceNames } from "../choices.ts";
import { consulUrl, dockerUrl, etcdUrl, nameServers, srvNames } from "../places.ts";
import { filePath, matching, tags } from "../texts.ts";
import type { Options } from "../option.ts";

export const sourcesOptions: Options<
  | "file"
  | "registrator"
  | "consul"
  | "consulTokenFile"
  | "consulCa"
  | "consulCert"
  | "consulKey"
  | "consulDatacenter"
  | "consulTags"
  | "consulStale"
  | "consulWarning"
  | "dnsSrv"
  | "dnsSrvServers"
  | "docker"
  | "sourcePriority"
  | "mergeSources"
  | "stateFile"
> = {
  file: {
    flag: "file",
    describe: "YAML or JSON file with services; a change is noticed at once",
    reader: filePath,
    fallback: undefined,
    isSource: true,
  },
  registrator: {
    flag: "registrator",
    alias: "r",
    alsoEnv: ["REGISTRATOR_URL"],
    describe: "Where registrator writes: etcd://host:port/prefix, or etcd3:// for version 3",
    reader: etcdUrl,
    fallback: undefined,
    isSource: true,
  },
  consul: {
    flag: "consul",
    describe: "URL of a Consul agent; services that name a service port are forwarded",
    reader: consulUrl,
    fallback: undefined,
    isSource: true,
  },
  consulTokenFile: {
    flag: "consul-token-file",
    describe: "File with the token for Consul, read again when it changes",
    reader: filePath,
    fallback: undefined,
  },
  consulCa: {
    flag: "consul-ca",
    describe: "PEM file of the authorities to trust for https, in place of the system's",
    reader: filePath,
    fallback: undefined,
  },
  consulCert: {
    flag: "consul-cert",
    describe: "PEM file of the certificate to show to a Consul that asks for one",
    reader: filePath,
    fallback: undefined,
  },
  consulKey: {
    flag: "consul-key",
    describe: "PEM file of that certificate's private key",
    reader: filePath,
    fallback: undefined,
  },
  consulDatacenter: {
    flag: "consul-datacenter",
    describe: "Consul's datacenter, unless it is the agent's own",
    reader: matching("a name", (text) => /^[\w-]{1,100}$/.test(text)),
    fallback: undefined,
  },
  consulTags: {
    flag: "consul-tags",
    describe: "Tags that instances in Consul must all have to be forwarded to",
    reader: tags,
    fallback: Object.freeze([]),
  },
  consulStale: {
    flag: "consul-stale",
    describe: "Let any server of Consul answer, also one that lags behind, not only the leader",
    reader: onOff,
    fallback: false,
  },
  consulWarning: {
    flag: "consul-warning",
    describe: "Whether instances whose checks warn are up or down",
    reader: choice(["up", "down"]),
    fallback: "up",
  },
  dnsSrv: {
    flag: "dns-srv",
    describe: "DNS names whose SRV records are replicas, each with its service port: name=port",
    reader: srvNames,
    fallback: Object.freeze([]),
    isSource: true,
  },
  dnsSrvServers: {
    flag: "dns-srv-servers",
    describe: "Name servers to ask for these, in place of this host's: address or address:port",
    reader: nameServers,
    fallback: Object.freeze([]),
  },
  docker: {
    flag: "docker",
    describe: "A Docker engine, unix:///path or tcp://host:port; containers by label",
    reader: dockerUrl,
    fallback: undefined,
    isSource: true,
  },
  sourcePriority: {
    flag: "source-priority",
    describe: "Which source has a port that several claim, strongest first",
    reader: ranking(sourceNames),
    fallback: sourceNames,
  },
  mergeSources: {
    flag: "merge-sources",
    describe: "Let replicas of several sources share a service port, each with its weight",
    reader: onOff,
    fallback: false,
    isLive: true,
  },
  stateFile: {
    flag: "state-file",
    describe: "Keep what the sources said last here, and serve it when they do not answer at start",
    reader: filePath,
    fallback: undefined,
  },
};
