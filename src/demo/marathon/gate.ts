import { type Answer, empty, errorPage } from "./answers.ts";
import type { Core } from "./core.ts";
import { type Exchange, accepts } from "./exchange.ts";
import type { Fault } from "./faults.ts";
import { misbehave } from "./misbehave.ts";
import { route } from "./routes.ts";
import { delimitByClose, send, setMemberHeaders } from "./send.ts";
import { proxyToLeader, redirectStream } from "./standby.ts";

/** Takes one exchange through Marathon's filters: authentication, leader, and then the API. [marathon: filter chain] */
export async function pass(exchange: Exchange, member: number, core: Core): Promise<void> {
  const { authorization, rules } = core.settings;
  const path = exchange.url.pathname;
  const fault = core.faults.take(member, path);
  if (fault !== undefined && (await misbehave(exchange, fault, rules))) return;
  if (fault?.kind === "delay") await pause(fault.ms, exchange);
  if (exchange.response.destroyed) return;
  const given = exchange.request.headers.authorization;
  if (authorization === undefined || authorization === given) {
    await toLeader(exchange, { member, fault }, core);
  } else {
    await send(exchange, unauthorized(path), { rules, fault });
  }
}

interface Served {
  readonly member: number;
  readonly fault: Fault | undefined;
}

async function toLeader(exchange: Exchange, served: Served, core: Core): Promise<void> {
  const { settings, election, authorityOf } = core;
  const { rules, holdMs, pathPrefix } = settings;
  const path = exchange.url.pathname;
  const leader = await election.leaderWithin(holdMs);
  if (leader === undefined) {
    const page = errorPage(rules.noLeaderStatus, path, "Could not determine the current leader");
    await send(exchange, page, { rules, fault: served.fault });
    return;
  }
  if (leader === served.member) {
    await serve(exchange, served, core);
    return;
  }
  const hop = { self: authorityOf(served.member), leader: authorityOf(leader) };
  const isRedirected = rules.standbyStream === "redirect" && path.startsWith("/v2/events");
  if (isRedirected) redirectStream(exchange, hop, pathPrefix);
  else await proxyToLeader(exchange, hop, core);
}

async function serve(exchange: Exchange, { member, fault }: Served, core: Core): Promise<void> {
  const { response, url, method } = exchange;
  const { rules } = core.settings;
  setMemberHeaders(response, rules);
  response.setHeader("X-Marathon-Leader", `http://${core.authorityOf(member)}`);
  const path = url.pathname.replace(/\/+$/, "");
  if (path === "/v2/events" && method === "GET" && accepts(exchange, "text/event-stream")) {
    await openStream(exchange, { member, fault }, core);
    return;
  }
  const state = core.cluster.past(fault?.kind === "stale" ? fault.versionsBack : 0);
  const answer = await route(exchange, state, core);
  await send(exchange, answer ?? notSupported(exchange), { rules, fault });
}

/** The head is out at once, the subscription follows: what happens in between is lost. [marathon: event stream] */
async function openStream(
  exchange: Exchange,
  { member, fault }: Served,
  { faults, election, streams, settings }: Core,
): Promise<void> {
  const { response } = exchange;
  response.setHeader("Content-Type", "text/event-stream;charset=utf-8");
  delimitByClose(response);
  response.flushHeaders();
  // A fault set for so many streams silences those for good, one set for all of them only while it lasts.
  const isSilentForLife = fault?.kind === "silent" && !faults.isSilenced(member);
  if (settings.attachDelayMs > 0) await pause(settings.attachDelayMs, exchange);
  if (response.destroyed) return;
  if (fault?.kind === "end" || election.leader !== member) response.end();
  else streams.attach(exchange, () => isSilentForLife || faults.isSilenced(member));
}

function notSupported({ url, method }: Exchange): Answer {
  const isStream = url.pathname.startsWith("/v2/events");
  const reason = `HTTP method ${method} is not supported by this URL`;
  return isStream
    ? errorPage(405, url.pathname, reason)
    : errorPage(404, url.pathname, "Not Found");
}

function unauthorized(path: string): Answer {
  const headers = { "WWW-Authenticate": 'basic realm="Mesosphere"' };
  const page = errorPage(401, path, "Unauthorized");
  return { ...empty(401), body: page.body, headers: { ...page.headers, ...headers } };
}

/** Waits, but no longer than the client does. */
function pause(ms: number, { response }: Exchange): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    response.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
