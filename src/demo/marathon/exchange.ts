import type { IncomingMessage, ServerResponse } from "node:http";

/** One request at one member, with the address it was sent to taken apart. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  /** Below the path prefix, with the query. */
  readonly url: URL;
  /** Where the request came from. */
  readonly clientIp: string;
}

const longestBody = 8 * 1024 * 1024;

/** Takes a request apart; undefined when it is not below the prefix. */
export function openExchange(
  request: IncomingMessage,
  response: ServerResponse,
  pathPrefix: string,
): Exchange | undefined {
  const target = request.url ?? "/";
  const rest = target.slice(pathPrefix.length);
  if (!target.startsWith(pathPrefix) || !/^(?:[/?]|$)/.test(rest)) return undefined;
  // A path that begins with two slashes would be read as a host if it were resolved instead.
  const url = URL.parse(`http://marathon${rest}`);
  if (url === null) return undefined;
  const clientIp = (request.socket.remoteAddress ?? "unknown").replace(/^::ffff:/, "");
  return { request, response, method: request.method ?? "GET", url, clientIp };
}

/** The path's segments, decoded, without empty ones: `/v2/apps//a/b` is `v2 apps a b`. */
export function segmentsOf({ url }: Exchange): readonly string[] {
  return url.pathname
    .split("/")
    .filter((segment) => segment !== "")
    .map((segment) => decode(segment));
}

/** True when a line of the header is exactly this value. */
export function accepts({ request }: Exchange, mediaType: string): boolean {
  return (request.headersDistinct["accept"] ?? []).includes(mediaType);
}

/** Reads the whole body, up to 8 MiB. */
export async function readBody({ request }: Exchange): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > longestBody) throw new Error(`request body exceeds ${longestBody} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // A malformed escape is kept as it came: it names nothing, and is answered with 404.
    return segment;
  }
}
