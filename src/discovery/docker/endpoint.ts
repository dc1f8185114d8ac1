import { Agent } from "undici";

import { createAgent } from "../http-agent.ts";
import { systemTls } from "../http-agent.ts";

/** Where a Docker engine answers. */
export interface DockerEndpoint {
  /** Scheme, host and port of its API. */
  readonly origin: string;
  /** The Unix socket to connect to in place of the origin's host; undefined for TCP. */
  readonly socketPath: string | undefined;
  /** Where the ports that it publishes on all addresses are reached from here. */
  readonly hostAddress: string;
}

/** Reads `unix:///path` or `tcp://host:port`; undefined for anything else. */
export function parseDockerUrl(text: string): DockerEndpoint | undefined {
  const [, socketPath] = /^unix:\/\/(\/[^\0]+)$/.exec(text) ?? [];
  if (socketPath !== undefined)
    return { origin: "http://localhost", socketPath, hostAddress: "127.0.0.1" };
  if (!text.startsWith("tcp://")) return undefined;
  const url = URL.parse(`http://${text.slice("tcp://".length)}`);
  if (url === null || url.username !== "" || url.pathname !== "/" || url.search !== "")
    return undefined;
  const hostAddress = url.hostname.replaceAll(/[[\]]/g, "");
  return { origin: url.origin, socketPath: undefined, hostAddress };
}

const connectTimeoutMs = 3000;
const firstByteTimeoutMs = 10_000;
/** Events may stay away for days. */
const silenceMs = 0;

/** An agent for this endpoint, with one connection per request. */
export function dockerAgent({ socketPath }: DockerEndpoint): Agent {
  if (socketPath === undefined)
    return createAgent({ connectTimeoutMs, firstByteTimeoutMs, silenceMs, tls: systemTls });
  return new Agent({
    allowH2: false,
    pipelining: 0,
    headersTimeout: firstByteTimeoutMs,
    bodyTimeout: silenceMs,
    connect: { socketPath, timeout: connectTimeoutMs },
  });
}
