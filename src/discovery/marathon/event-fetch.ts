import { Readable } from "node:stream";

import type { EventSource } from "eventsource";

import { AnswerError, toAnswerError } from "../answer-error.ts";
import { discard, headerOf, isPlain } from "../http-answer.ts";
import { get, type Reply, type Requester } from "./http.ts";
import type { Member } from "./members.ts";

type Fetch = NonNullable<NonNullable<ConstructorParameters<typeof EventSource>[1]>["fetch"]>;
type FetchResponse = Awaited<ReturnType<Fetch>>;

/**
 * The fetch of one EventSource, on our own agent: it hands over the answer's body as it comes, follows redirects by
 * hand, and refuses to be called again, so that the library's own reconnect can never reach Marathon.
 */
export function fetchOnce(requester: Requester, member: Member): Fetch {
  let isUsed = false;
  return async (url, { signal }) => {
    if (isUsed) throw new AnswerError("protocol", "a stream is opened only once");
    isUsed = true;
    const stopped: unknown = signal;
    if (!(stopped instanceof AbortSignal))
      throw new TypeError("event stream: no signal to stop it by");
    return await toResponse(requester, member, { url: new URL(url), signal: stopped });
  };
}

async function toResponse(
  requester: Requester,
  member: Member,
  request: { readonly url: URL; readonly signal: AbortSignal },
): Promise<FetchResponse> {
  const { url, response } = await reply(requester, member, request);
  const isUsable = response.statusCode === 200 && isPlain(response);
  if (!isUsable) discard(response);
  if (!isPlain(response))
    throw new AnswerError("encoding", "the stream is encoded though identity was asked for");
  return {
    url: url.href,
    status: response.statusCode,
    redirected: url.href !== request.url.href,
    headers: { get: (name) => headerOf(response, name.toLowerCase()) ?? null },
    body: isUsable ? Readable.toWeb(response.body) : null,
  };
}

async function reply(
  requester: Requester,
  member: Member,
  request: { readonly url: URL; readonly signal: AbortSignal },
): Promise<Reply> {
  try {
    return await get(requester, member, request);
  } catch (error) {
    // [eventsource] Takes an AbortError for its own close and says nothing: only that one may keep its name.
    if (request.signal.aborted) throw error;
    throw toAnswerError(error);
  }
}
