import type { Agent, Dispatcher } from "undici";

import { Deadline } from "../async/deadline.ts";
import { AnswerError, toAnswerError } from "./answer-error.ts";
import { readDocument } from "./document.ts";
import { discard, headerOf } from "./http-answer.ts";
import type { RenewedAgent } from "./renewed-agent.ts";

/** One request for JSON; times in ms. */
export interface JsonCall {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as JSON by POST. Default: none, by GET. */
  readonly body?: unknown;
  /** A status besides 200 whose document is wanted too. */
  readonly alsoStatus?: number | undefined;
  /** From the start of the request to the end of the answer. Default 30,000. */
  readonly totalTimeoutMs?: number | undefined;
}

export interface JsonAnswer {
  readonly status: number;
  readonly document: unknown;
  /** A header's single value. */
  readonly header: (name: string) => string | undefined;
}

/** Longest answer, in bytes. */
const limitBytes = 128 * 1024 * 1024;

/** Asks for JSON documents and believes only whole ones. Its agent, or what renews it, belongs to the caller. */
export class JsonClient {
  readonly #agent: Agent | Pick<RenewedAgent, "current">;

  constructor(agent: Agent | Pick<RenewedAgent, "current">) {
    this.#agent = agent;
  }

  /** The whole answer; rejects with an AnswerError when there is none that can be believed. */
  async read(call: JsonCall, signal: AbortSignal): Promise<JsonAnswer> {
    const { totalTimeoutMs = 30_000 } = call;
    using deadline = new Deadline(totalTimeoutMs, () => tooLate(totalTimeoutMs), signal);
    const response = await this.open(call, deadline.signal);
    return await this.rest(response, deadline.signal);
  }

  /** The head of an answer whose body the caller reads or discards; it may then be silent for any time. */
  async open(call: JsonCall, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { origin, path, headers, body, alsoStatus, totalTimeoutMs } = call;
    try {
      const agent = "current" in this.#agent ? await this.#agent.current() : this.#agent;
      const response = await agent.request({
        origin,
        path,
        method: body === undefined ? "GET" : "POST",
        headers: { accept: "application/json", "accept-encoding": "identity", ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(totalTimeoutMs === undefined ? {} : { headersTimeout: totalTimeoutMs }),
        signal,
      });
      if (response.statusCode === 200 || response.statusCode === alsoStatus) return response;
      throw await refusal(response, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw toAnswerError(error);
    }
  }

  /** The document of an answer that was opened. */
  async rest(response: Dispatcher.ResponseData, signal: AbortSignal): Promise<JsonAnswer> {
    try {
      // The status was judged when the answer was opened.
      const document = await readDocument({ ...response, statusCode: 200 }, limitBytes);
      const header = (name: string): string | undefined => headerOf(response, name);
      return { status: response.statusCode, document, header };
    } catch (error) {
      signal.throwIfAborted();
      throw toAnswerError(error);
    }
  }
}

const longestExcuse = 200;
const excuseTimeoutMs = 3000;

/** What the answer says of itself, when it says it in few words. */
async function refusal(
  response: Dispatcher.ResponseData,
  signal: AbortSignal,
): Promise<AnswerError> {
  const { statusCode, body } = response;
  const code = statusCode === 401 || statusCode === 403 ? "auth" : "status";
  const length = Number(headerOf(response, "content-length") ?? Infinity);
  if (length > longestExcuse) {
    discard(response);
    return new AnswerError(code, `http ${statusCode}`);
  }
  using deadline = new Deadline(excuseTimeoutMs, () => tooLate(excuseTimeoutMs), signal);
  deadline.signal.addEventListener("abort", () => {
    body.destroy(deadline.signal.reason);
  });
  const excuse = await body.text();
  return new AnswerError(code, `http ${statusCode} ${excuse.trim()}`);
}

function tooLate(ms: number): AnswerError {
  return new AnswerError("timeout", `no whole answer within ${ms} ms`);
}
