import { parseArgs } from "node:util";
import { replaceUnderLoad } from "./replacement.ts";

// Prints one line of JSON. The kernel's settings are those of the network namespace it is started in, as by
// unshare --net sh -c 'ip link set lo up && sysctl -w net.ipv4.tcp_migrate_req=1 && npm run soak:takeover'

const { values } = parseArgs({
  options: {
    connections: { type: "string", default: "50000" },
    replacements: { type: "string", default: "3" },
    workers: { type: "string", default: "1" },
    clients: { type: "string", default: "32" },
    "datagram-clients": { type: "string", default: "0" },
  },
});
const figures = await replaceUnderLoad({
  connections: Number(values.connections),
  replacements: Number(values.replacements),
  workers: Number(values.workers),
  clients: Number(values.clients),
  datagramClients: Number(values["datagram-clients"]),
});
console.log(JSON.stringify(figures));
