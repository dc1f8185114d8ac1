import type { Dispatcher } from "undici";

import { AnswerError, type BadAnswer } from "./answer-error.ts";
import { GatheredBytes } from "./gathered-bytes.ts";
import { discard, headerOf, isPlain, retryAfterMs } from "./http-answer.ts";

/** A body may start as slowly as it likes for so long; from then on, on average, it may not. */
const graceSeconds = 5;
const leastBytesPerSecond = 1024;

/**
 * The JSON document of a 200 answer whose length is certain; rejects with an AnswerError for everything else.
 * The answer's body is always read to its end or let go.
 */
export async function readDocument(
  response: Dispatcher.ResponseData,
  limitBytes: number,
): Promise<unknown> {
  const refusal = refusalOf(response, limitBytes);
  if (refusal !== undefined) {
    discard(response);
    throw refusal;
  }
  const text = await readText(response, limitBytes);
  // [marathon 0.8: a 200 without a body was seen] No answer is never the same as no apps.
  if (text.trim() === "") throw new AnswerError("empty", "200 without a body");
  try {
    const document: unknown = JSON.parse(text);
    return document;
  } catch (error) {
    throw new AnswerError(
      "not-json",
      text.startsWith("<") ? "200 with a page of HTML" : "body cannot be parsed",
      {
        cause: error,
      },
    );
  }
}

function refusalOf(response: Dispatcher.ResponseData, limitBytes: number): AnswerError | undefined {
  const refused = refusedStatus(response.statusCode);
  if (refused !== undefined)
    return new AnswerError(refused, `http ${response.statusCode}`, {
      retryAfterMs: retryAfterMs(response),
    });
  if (!isPlain(response))
    return new AnswerError("encoding", "the body is encoded though identity was asked for");
  const length = lengthOf(response);
  const isChunked = headerOf(response, "transfer-encoding")?.trim().toLowerCase() === "chunked";
  // Delimited by its end alone, a body cut short at a valid prefix would pass for the whole truth.
  if (length === undefined && !isChunked)
    return new AnswerError("unframed", "neither length nor chunks");
  if ((length ?? 0) > limitBytes)
    return new AnswerError("too-large", `more than ${limitBytes} bytes`);
  return undefined;
}

/** As it was announced; undefined when it was not. */
function lengthOf(response: Dispatcher.ResponseData): number | undefined {
  const text = headerOf(response, "content-length");
  return text === undefined ? undefined : Number(text);
}

function refusedStatus(status: number): BadAnswer | undefined {
  if (status === 401 || status === 403) return "auth";
  if (status === 404) return "not-found";
  return status === 200 ? undefined : "status";
}

async function readText(response: Dispatcher.ResponseData, limitBytes: number): Promise<string> {
  const gathered = new GatheredBytes(Math.max(0, lengthOf(response) ?? 0));
  const begunAt = performance.now();
  for await (const chunk of response.body) {
    if (!(chunk instanceof Uint8Array)) continue;
    gathered.add(chunk);
    const bytes = gathered.length;
    // Leaving the loop destroys the body and its connection.
    if (bytes > limitBytes) throw new AnswerError("too-large", `more than ${limitBytes} bytes`);
    const seconds = (performance.now() - begunAt) / 1000;
    // Silence has a limit of its own; a drip never falls silent, and would hold us until the request's whole time is up.
    if (seconds > graceSeconds && bytes < seconds * leastBytesPerSecond)
      throw new AnswerError("too-slow", `less than ${leastBytesPerSecond} bytes a second`);
  }
  return new TextDecoder().decode(gathered.whole());
}
