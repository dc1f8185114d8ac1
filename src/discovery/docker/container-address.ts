import { isHost, isPort, type Address } from "../../model/address.ts";
import type { Protocol } from "../../model/service.ts";
import { fieldsOf, listOf, type Fields } from "../fields.ts";
import type { DeclaredPort } from "./declared-ports.ts";

/** Which port is meant, and where published ones are reached. */
interface Wanted {
  readonly protocol: Protocol;
  readonly hostAddress: string;
}

/** Where it is reached: its published port, else its own address; a sentence when neither is known. */
export function addressOf(
  container: Fields,
  { containerPort, port }: DeclaredPort,
  { protocol, hostAddress }: Wanted,
): Address | string {
  const exposed = listOf(container["Ports"])
    .map(fieldsOf)
    .filter(({ Type }) => Type === protocol);
  const inside = containerPort ?? onlyPort(exposed);
  if (inside === undefined)
    return `service port ${port} needs a label portolan.container-port, since it exposes no single ${protocol} port`;
  const isOnHost = fieldsOf(container["HostConfig"])["NetworkMode"] === "host";
  if (isOnHost) return { host: hostAddress, port: inside };
  const published = exposed.find(
    ({ PrivatePort, PublicPort }) => PrivatePort === inside && isPort(PublicPort),
  );
  if (published !== undefined) return publishedAddress(published, hostAddress);
  const address = networkAddress(container);
  if (address === undefined)
    return `port ${inside}/${protocol} is not published, and it has no address of its own`;
  return { host: address, port: inside };
}

function onlyPort(exposed: readonly Fields[]): number | undefined {
  const [port, ...others] = new Set(exposed.map(({ PrivatePort }) => PrivatePort));
  return others.length === 0 && isPort(port) ? port : undefined;
}

function publishedAddress({ IP, PublicPort }: Fields, hostAddress: string): Address {
  const isEverywhere = !isHost(IP) || IP === "0.0.0.0" || IP === "::";
  return { host: isEverywhere ? hostAddress : IP, port: Number(PublicPort) };
}

function networkAddress(container: Fields): string | undefined {
  const { Networks } = fieldsOf(container["NetworkSettings"]);
  const addresses = Object.values(fieldsOf(Networks)).map(
    (network) => fieldsOf(network)["IPAddress"],
  );
  return addresses.find((address) => isHost(address));
}
