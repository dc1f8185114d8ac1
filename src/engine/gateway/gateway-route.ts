import { defaultPolicy } from "../../model/policy.ts";
import type { EngineRoute } from "../route.ts";
import type { GatewayPortSettings, GatewaySettings } from "./gateway-settings.ts";

/** A gateway port in the shape of a service port that has no replicas: what its connections are counted and timed by. */
export function toGatewayRoute(
  { key, port, row }: GatewayPortSettings,
  { maxConnections, acceptProxy, accessLog }: GatewaySettings,
): EngineRoute {
  const policy = {
    ...defaultPolicy,
    maxConnections,
    acceptProxy,
    accessLog,
  };
  return { key, port, protocol: "tcp", mode: "http", policy, row, replicas: [] };
}
