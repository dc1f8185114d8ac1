import { IncomingMessage, request as openRequest } from "node:http";
import { pipeline } from "node:stream/promises";
import { errorPage } from "./answers.ts";
import type { Core } from "./core.ts";
import type { Exchange } from "./exchange.ts";
import { delimitByClose, send } from "./send.ts";

const via = "x-marathon-via";
const ownHeaders = new Set(["host", "connection", "keep-alive", "transfer-encoding"]);

/** Where a request is to go, and who sends it on. */
export interface Hop {
  readonly self: string;
  readonly leader: string;
}

/** Sends the client itself to the leader's stream. */
export function redirectStream(
  { response, url }: Exchange,
  { leader }: Hop,
  pathPrefix: string,
): void {
  response
    .writeHead(302, { Location: `http://${leader}${pathPrefix}/v2/events${url.search}` })
    .end();
}

/** Passes a request on to the leader and its answer back, as a standby does. [marathon: leader proxying] */
export async function proxyToLeader(exchange: Exchange, hop: Hop, core: Core): Promise<void> {
  const { request } = exchange;
  const own = `1.1 ${hop.self}`;
  if ((request.headersDistinct[via] ?? []).includes(own)) {
    await refuse(exchange, core, [502, "Detected proxying loop."]);
    return;
  }
  const answer = await ask(exchange, hop, core);
  if (answer instanceof IncomingMessage) await relay(exchange, answer, own);
  else await refuse(exchange, core, answer);
}

type Refusal = readonly [status: number, reason: string];

function ask(exchange: Exchange, hop: Hop, { settings }: Core): Promise<IncomingMessage | Refusal> {
  const { request, response } = exchange;
  return new Promise((resolve) => {
    const outgoing = openRequest(`http://${hop.leader}${request.url ?? "/"}`, {
      method: exchange.method,
      headers: forwardedHeaders(exchange, hop),
      timeout: settings.proxyReadTimeoutMs,
      agent: false,
    });
    outgoing.on("response", resolve);
    outgoing.on("timeout", () => {
      resolve([504, "Connection to leader timed out."]);
      outgoing.destroy();
    });
    outgoing.on("error", () => resolve([502, "Connection to leader refused."]));
    response.once("close", () => void outgoing.destroy());
    // A body that breaks off ends the exchange, which `close` of the response sees.
    pipeline(request, outgoing).catch(() => outgoing.destroy());
  });
}

function forwardedHeaders({ request, clientIp }: Exchange, hop: Hop): string[] {
  const headers: string[] = ["Host", hop.leader, "Connection", "close"];
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    if (ownHeaders.has(name) || name === "x-forwarded-for") continue;
    for (const value of values ?? []) headers.push(name, value);
  }
  const forwarded = [request.headers["x-forwarded-for"], clientIp].filter(Boolean).join(", ");
  headers.push("X-Forwarded-For", forwarded, "X-Marathon-Via", `1.1 ${hop.self}`);
  return headers;
}

async function relay({ response }: Exchange, answer: IncomingMessage, own: string): Promise<void> {
  for (const [name, values] of Object.entries(answer.headersDistinct)) {
    if (!ownHeaders.has(name) && values !== undefined) response.setHeader(name, values);
  }
  response.appendHeader("X-Marathon-Via", own);
  const { headers } = answer;
  const isFramed = "content-length" in headers || "transfer-encoding" in headers;
  if (!isFramed) delimitByClose(response);
  response.statusCode = answer.statusCode ?? 502;
  response.flushHeaders();
  try {
    await pipeline(answer, response);
  } catch {
    // Either end broke off; what was sent cannot be taken back, so the client must see it break too.
    response.destroy();
  }
}

async function refuse(exchange: Exchange, core: Core, [status, reason]: Refusal): Promise<void> {
  const page = errorPage(status, exchange.url.pathname, reason);
  await send(exchange, page, { rules: core.cluster.rules, fault: undefined });
}
