import { type Answer, failure } from "./answers.ts";
import type { ClusterState } from "./cluster-state.ts";
import type { Core } from "./core.ts";
import type { Exchange } from "./exchange.ts";

/** A request to the API, with everything its route may look at. */
export interface Call {
  readonly exchange: Exchange;
  /** HEAD counts as GET. */
  readonly method: string;
  /** Path segments after `/v2/<resource>`. */
  readonly rest: readonly string[];
  readonly query: URLSearchParams;
  /** The parsed body; undefined when there was none. */
  readonly body: unknown;
  readonly state: ClusterState;
  readonly core: Core;
}

/** Answers a call, or leaves it to be not found. */
export type Route = (call: Call) => Answer | undefined | Promise<Answer | undefined>;

export function noApp({ core }: Call, id: string): Answer {
  return failure(core.settings.rules, 404, `App '${id}' does not exist`);
}
