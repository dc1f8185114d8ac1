import { Agent, type Dispatcher } from "undici";

import { AnswerError } from "./answer-error.ts";
import type { Credentials } from "./credentials.ts";
import { isRedirect, memberAt, redirectTarget, type Member } from "./members.ts";

/** The limits of every request to Marathon, all in ms. */
export interface HttpLimits {
  readonly connectTimeoutMs: number;
  readonly firstByteTimeoutMs: number;
  /** Longest silence within a body. */
  readonly silenceMs: number;
  readonly tls: TlsMaterial;
}

/** PEM texts for https. */
export interface TlsMaterial {
  /** The authorities to trust; undefined means those of the system. */
  readonly ca: string | undefined;
  /** The certificate we show when asked for one, and its private key; undefined for none. */
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

/** Who asks, and how: one per kind of request, since its agent carries the limits. */
export interface Requester {
  readonly agent: Agent;
  readonly credentials: Credentials;
  readonly members: readonly Member[];
  readonly accept: string;
  /** Whether a redirect to a host that is not configured is followed, then without credentials. */
  readonly followsForeignHosts: boolean;
}

const mostRedirects = 2;

/** An agent of our own, so that no global setting applies: HTTP/1.1, no redirects, one connection per request. */
export function createAgent({
  connectTimeoutMs,
  firstByteTimeoutMs,
  silenceMs,
  tls,
}: HttpLimits): Agent {
  return new Agent({
    allowH2: false,
    // No reuse: bytes left over from a malformed answer can never be taken for the next one.
    pipelining: 0,
    headersTimeout: firstByteTimeoutMs,
    bodyTimeout: silenceMs,
    connect: {
      timeout: connectTimeoutMs,
      keepAlive: true,
      keepAliveInitialDelay: 10_000,
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
      ...(tls.key === undefined ? {} : { key: tls.key }),
    },
  });
}

/** An answer's head with its unread body, and where it came from after redirects. */
export interface Reply {
  readonly url: URL;
  readonly response: Dispatcher.ResponseData;
}

/** Sends a GET and follows redirects by hand, at most 2; rejects with an AnswerError or the client's own error. */
export async function get(
  requester: Requester,
  asked: Member,
  request: { url: URL; signal: AbortSignal },
): Promise<Reply> {
  let { url } = request;
  for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
    const response = await send(requester, asked, { url, signal: request.signal });
    if (!isRedirect(response.statusCode)) return { url, response };
    discard(response);
    const target = redirectTarget(url, headerOf(response, "location"));
    if (target === undefined)
      throw new AnswerError("redirect", `http ${response.statusCode} leads nowhere usable`);
    if (memberAt(requester.members, target) === undefined && !requester.followsForeignHosts) {
      throw new AnswerError(
        "redirect",
        `http ${response.statusCode} to ${target.host}, which is not configured`,
      );
    }
    url = target;
  }
  throw new AnswerError("redirect", `more than ${mostRedirects} redirects`);
}

/** A header's single value; undefined when it is absent or repeated. */
export function headerOf(
  { headers }: Pick<Dispatcher.ResponseData, "headers">,
  name: string,
): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
}

/** True when the body is sent as it is: the only coding we ask for, so any other one is refused undecoded. */
export function isPlain(response: Pick<Dispatcher.ResponseData, "headers">): boolean {
  const coding = response.headers["content-encoding"];
  return coding === undefined || coding === "" || coding === "identity";
}

/** Lets go of a body that nobody will read, and of its connection. */
export function discard({ body }: Dispatcher.ResponseData): void {
  // Its end is of no interest: the connection is given up on purpose.
  body.on("error", () => {});
  body.destroy();
}

/** After a 401, asks once more when the credentials have been renewed since they were read. */
async function send(
  requester: Requester,
  asked: Member,
  request: { readonly url: URL; readonly signal: AbortSignal },
): Promise<Dispatcher.ResponseData> {
  const { credentials } = requester;
  const authorization = await credentials.headerFor(request.url, asked);
  const response = await ask(requester, request, authorization);
  if (response.statusCode !== 401) return response;
  const renewed = await credentials.headerFor(request.url, asked);
  if (renewed === authorization) return response;
  discard(response);
  return ask(requester, request, renewed);
}

function ask(
  { agent, accept }: Requester,
  { url, signal }: { readonly url: URL; readonly signal: AbortSignal },
  authorization: string | undefined,
): Promise<Dispatcher.ResponseData> {
  signal.throwIfAborted();
  return agent.request({
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: "GET",
    headers: {
      // [marathon: event stream] The value must be exactly this one, or the stream is not found.
      accept,
      "accept-encoding": "identity",
      ...(authorization === undefined ? {} : { authorization }),
    },
    signal,
  });
}
