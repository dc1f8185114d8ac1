import { type Answer, failure } from "./answers.ts";
import { routeApps } from "./app-routes.ts";
import type { Route } from "./call.ts";
import type { ClusterState } from "./cluster-state.ts";
import type { Core } from "./core.ts";
import { type Exchange, readBody, segmentsOf } from "./exchange.ts";
import { routeSystem } from "./system-routes.ts";
import { routeTasks } from "./task-routes.ts";

const resources: Readonly<Record<string, Route>> = { apps: routeApps, tasks: routeTasks };

/** Finds the route of a request; undefined when there is none. */
export async function route(
  exchange: Exchange,
  state: ClusterState,
  core: Core,
): Promise<Answer | undefined> {
  const segments = segmentsOf(exchange);
  const body = await readJson(exchange);
  if (body.kind === "malformed") return failure(core.settings.rules, 400, "Invalid JSON");
  const call = {
    exchange,
    method: exchange.method === "HEAD" ? "GET" : exchange.method,
    query: exchange.url.searchParams,
    body: body.value,
    state,
    core,
  };
  const resource = segments[0] === "v2" ? resources[segments[1] ?? ""] : undefined;
  if (resource !== undefined) return resource({ ...call, rest: segments.slice(2) });
  return routeSystem({ ...call, rest: segments });
}

type Body = { readonly kind: "read"; readonly value: unknown } | { readonly kind: "malformed" };

async function readJson(exchange: Exchange): Promise<Body> {
  const text = await readBody(exchange);
  if (text === "") return { kind: "read", value: undefined };
  try {
    const value: unknown = JSON.parse(text);
    return { kind: "read", value };
  } catch {
    return { kind: "malformed" };
  }
}
