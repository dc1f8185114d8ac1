import type { ServerResponse } from "node:http";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import type { Answer } from "./answers.ts";
import type { DialectRules } from "./dialect.ts";
import type { Exchange } from "./exchange.ts";
import type { Fault } from "./faults.ts";

const compress = promisify(gzip);
/** Jetty's output buffer: a longer body goes out in chunks, without a length. */
const longestFramedBody = 32 * 1024;
const compressed = new WeakMap<Buffer, Promise<Buffer>>();

/** What every answer of a member carries, an event stream included. */
export function setMemberHeaders(response: ServerResponse, rules: DialectRules): void {
  response.setHeader("Cache-Control", "no-cache, no-store, must-revalidate");
  response.setHeader("Pragma", "no-cache");
  response.setHeader("Expires", "0");
  if (rules.server === undefined) {
    response.setHeader("X-Frame-Options", "DENY");
    response.setHeader("X-XSS-Protection", "1; mode=block");
  } else {
    response.setHeader("Server", rules.server);
  }
}

/** Puts an answer on the wire, in the shape the fault demands, if there is one. */
export async function send(
  { request, response }: Exchange,
  answer: Answer,
  { rules, fault }: { readonly rules: DialectRules; readonly fault: Fault | undefined },
): Promise<void> {
  response.statusCode = answer.status;
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
  let { body } = answer;
  if (rules.gzip && body.length > 0 && acceptsGzip(request.headers["accept-encoding"], answer)) {
    response.setHeader("Content-Encoding", "gzip");
    response.setHeader("Vary", "Accept-Encoding, User-Agent");
    body = await compressOnce(body);
  }
  sendBody(response, body, fault);
}

/** Makes the end of the connection the end of the body: neither length nor chunks. [rfc9112 §6.3] */
export function delimitByClose(response: ServerResponse): void {
  response.setHeader("Connection", "close");
  response.removeHeader("Transfer-Encoding");
}

function sendBody(response: ServerResponse, body: Buffer, fault: Fault | undefined): void {
  if (fault?.kind === "close-delimited") {
    delimitByClose(response);
    response.flushHeaders();
    response.end(body);
  } else if (fault?.kind === "stall-body") {
    response.setHeader("Content-Length", body.length);
    response.write(body.subarray(0, Math.floor(body.length / 2)));
  } else if (fault?.kind === "truncate") {
    sendCut(response, body, fault);
  } else {
    if (body.length <= longestFramedBody) response.setHeader("Content-Length", body.length);
    else response.flushHeaders();
    response.end(body);
  }
}

function sendCut(
  response: ServerResponse,
  body: Buffer,
  { bytes, framed = false }: Extract<Fault, { kind: "truncate" }>,
): void {
  const cut = body.subarray(0, bytes);
  response.setHeader("Content-Length", framed ? cut.length : body.length);
  if (framed) response.end(cut);
  else response.write(cut, () => void response.destroy());
}

function acceptsGzip(encodings: string | string[] | undefined, answer: Answer): boolean {
  const isJson = answer.headers["Content-Type"]?.startsWith("application/json") ?? false;
  return isJson && String(encodings ?? "").includes("gzip");
}

/** A body that is served again is compressed once. */
function compressOnce(body: Buffer): Promise<Buffer> {
  const known = compressed.get(body) ?? compress(body, { level: constants.Z_BEST_SPEED });
  compressed.set(body, known);
  return known;
}
