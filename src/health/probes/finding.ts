import { dialFailureOf } from "../../model/outcome.ts";
import { printable } from "../../model/problem.ts";
import type { ProbeResult } from "./probe.ts";

/** A probe's result before it is put into words: HAProxy's code for it, and a detail where there is one to name. */
export interface Finding {
  readonly kind: ProbeResult["kind"];
  readonly code: string;
  readonly detail?: string;
  readonly decisive?: boolean;
  readonly silent?: boolean;
}

export function good(code: string): Finding {
  return { kind: "good", code };
}

/** The detail must be safe to show and bounded: foreign text goes through `printable` first. */
export function bad(code: string, detail?: string): Finding {
  return detail === undefined ? { kind: "bad", code } : { kind: "bad", code, detail };
}

/** Not a word was heard in time. */
export function unheard(code: string): Finding {
  return { ...bad(code), silent: true };
}

/** Nothing was learnt of the replica. */
export function nothing(why: string): Finding {
  return { kind: "void", code: "SOCKERR", detail: why };
}

/** A socket's error: our own shortage says nothing of the replica, all else is held against it under this code. */
export function failed(code: string, error: Error): Finding {
  const failure = dialFailureOf(error);
  // A host that cannot be reached says nothing, while a refusal, a reset or an alert of TLS came from it.
  const silent = code === "L4CON" && (failure === "unreachable" || failure === "timeout");
  if (failure !== "local") return { ...bad(code, reasonOf(error) ?? failure), silent };
  // Node adds our own end of the connection, which there is none of.
  return nothing(printable(error.message.replace(/ - Local .*/, ""), 100));
}

/** Puts a finding into words: a detail says more than the time it took, and stands in its place. */
export function toResult(finding: Finding, elapsedMs: number): ProbeResult {
  const { kind, code, detail, decisive = false, silent = false } = finding;
  const reason =
    detail === undefined ? `${code} in ${Math.round(elapsedMs)} ms` : `${code}: ${detail}`;
  return kind === "bad" ? { kind, reason, decisive, silent } : { kind, reason };
}

/** OpenSSL's own words, where an error came from there. */
function reasonOf(error: Error): string | undefined {
  if (!("reason" in error) || typeof error.reason !== "string") return undefined;
  return printable(error.reason, 60);
}
