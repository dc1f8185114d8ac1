import { choice, metricsDetails } from "../choices.ts";
import { endpoint, filePath } from "../texts.ts";
import type { Options } from "../option.ts";

export const statusOptions: Options<"statusEndpoint" | "adminTokenFile" | "metricsDetail"> = {
  statusEndpoint: {
    flag: "status-endpoint",
    describe: 'Where /status, /metrics and the API are served; "" for nowhere',
    reader: endpoint,
    fallback: Object.freeze({ host: "0.0.0.0", port: 9090 }),
    emptyIsValue: true,
  },
  adminTokenFile: {
    flag: "admin-token-file",
    describe: "File with the token (16 characters or more) that lets operators drain replicas",
    reader: filePath,
    fallback: undefined,
  },
  metricsDetail: {
    flag: "metrics-detail",
    describe: "Finest label of the metrics: service or replica",
    reader: choice(metricsDetails),
    fallback: "service",
  },
};
