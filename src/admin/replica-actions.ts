import { createHash, timingSafeEqual } from "node:crypto";
import { parseAddress, formatAddress } from "../model/address.ts";
import { json, type Action, type Reply } from "./status-server.ts";

/** What is wanted of a replica; undefined takes back what was wanted before. */
type Wanted = { readonly kind: "drain" } | { readonly kind: "weight"; readonly weight: number };

export interface ReplicaActions {
  /** What an operator must know; undefined allows nothing. Rejects when it cannot be had. */
  readonly token: () => Promise<string | undefined>;
  /** Carries it out for the replica `host:port`; false when there is none. */
  readonly override: (address: string, wanted: Wanted | undefined) => boolean;
}

const heaviest = 1000;

/** `POST /api/replicas/<host:port>/{drain,ready,weight/<0-1000>}`, for those who know the token. */
export function replicaActions({ token, override }: ReplicaActions): [path: string, run: Action][] {
  const run: Action = async ({ rest, authorization, origin }) => {
    // No page of a browser has business here, whatever the browser would send along.
    if (origin !== undefined) return refusal(403, "not from a web page");
    const known = await token();
    if (known === undefined)
      return refusal(403, "nothing can be changed: --admin-token-file is not set");
    if (!isSame(authorization, `Bearer ${known}`)) {
      // [rfc9110 §11.6.1]
      const headers = { "www-authenticate": "Bearer" };
      return { ...refusal(401, "a bearer token is needed"), headers };
    }
    return carryOut(rest, override);
  };
  return [["/api/replicas/", run]];
}

function carryOut(rest: string, override: ReplicaActions["override"]): Reply {
  const [text = "", verb, amount, ...surplus] = rest.split("/");
  const address = parseAddress(text);
  const wanted = surplus.length > 0 ? "nothing" : wantedOf(verb, amount);
  if (address === undefined || wanted === "nothing") {
    return refusal(400, "ask for <host:port>/drain, /ready or /weight/<0-1000>");
  }
  const replica = formatAddress(address);
  if (!override(replica, wanted)) return refusal(404, `no service has a replica ${replica}`);
  return json({ replica, now: wanted ?? { kind: "as its source says" } });
}

function wantedOf(
  verb: string | undefined,
  amount: string | undefined,
): Wanted | undefined | "nothing" {
  if (verb === "drain" && amount === undefined) return { kind: "drain" };
  if (verb === "ready" && amount === undefined) return undefined;
  const weight = /^\d{1,4}$/.test(amount ?? "") ? Number(amount) : Infinity;
  return verb === "weight" && weight <= heaviest ? { kind: "weight", weight } : "nothing";
}

/** Compares without telling by its time how much was right. */
function isSame(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

function digest(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

function refusal(status: number, error: string): Reply {
  return json({ error }, status);
}
