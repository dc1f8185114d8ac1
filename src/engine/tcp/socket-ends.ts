import type { Socket } from "node:net";
import { plainHost, type Address } from "../../model/address.ts";
import type { Endpoints } from "../proxy-protocol/header.ts";

/** Both ends of a connection as its socket has them; a closed one may have none left. */
export function socketEnds(socket: Socket): Endpoints {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  return { source: end(remoteAddress, remotePort), destination: end(localAddress, localPort) };
}

function end(host = "", port = 0): Address {
  return { host: plainHost(host), port };
}
