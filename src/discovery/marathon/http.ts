import type { Agent, Dispatcher } from "undici";

import { AnswerError } from "../answer-error.ts";
import { discard, headerOf } from "../http-answer.ts";
import type { Credentials } from "./credentials.ts";
import { isRedirect, memberAt, redirectTarget, type Member } from "./members.ts";

/** Who asks, and how: one per kind of request, since its agent carries the limits. */
export interface Requester {
  readonly agent: { current(): Promise<Agent> };
  readonly credentials: Credentials;
  readonly members: readonly Member[];
  readonly accept: string;
  /** Whether a redirect to a host that is not configured is followed, then without credentials. */
  readonly followsForeignHosts: boolean;
}

const mostRedirects = 2;

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

async function ask(
  { agent, accept }: Requester,
  { url, signal }: { readonly url: URL; readonly signal: AbortSignal },
  authorization: string | undefined,
): Promise<Dispatcher.ResponseData> {
  const current = await agent.current();
  signal.throwIfAborted();
  return await current.request({
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
