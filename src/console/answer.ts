import type { Address } from "../model/address.ts";
import { printable } from "../model/problem.ts";
import { ask } from "./ask.ts";
import { explainText } from "./explain-text.ts";
import { fieldsOf, textOf } from "./json.ts";
import { statusText } from "./status-text.ts";

/** What is asked of a running portolan. */
interface Asked {
  readonly command: "explain" | "status" | "healthcheck";
  readonly word: string;
  readonly json: boolean;
}

/** What to print, and whether it is good news. */
export interface Outcome {
  readonly text: string;
  readonly isGood: boolean;
}

/** Puts a question to the portolan whose status port is at `endpoint`; `now` in ms since the epoch. */
export async function answer(asked: Asked, endpoint: Address, now: number): Promise<Outcome> {
  switch (asked.command) {
    case "explain":
      return await explain(asked, endpoint, now);
    case "status":
      return await status(asked, endpoint, now);
    case "healthcheck": {
      const { status: code, body } = await ask(endpoint, "/status");
      return { text: printable(body.trim(), 100), isGood: code === 200 };
    }
  }
}

async function explain({ word, json }: Asked, endpoint: Address, now: number): Promise<Outcome> {
  const path = word.split("/").map(encodeURIComponent).join("/");
  const { status: code, body } = await ask(endpoint, `/api/explain/${path}`);
  const isGood = code === 200;
  if (json) return { text: body.trimEnd(), isGood };
  const parsed = parse(body);
  const text = isGood ? explainText(parsed, now) : printable(textOf(fieldsOf(parsed)["error"]));
  return { text, isGood };
}

async function status({ json }: Asked, endpoint: Address, now: number): Promise<Outcome> {
  const [phase, table, sources, problems] = await Promise.all([
    ask(endpoint, "/status"),
    ask(endpoint, "/api/table"),
    ask(endpoint, "/api/sources"),
    ask(endpoint, "/api/problems"),
  ]);
  const overview = {
    phase: printable(phase.body.trim(), 100),
    table: parse(table.body),
    sources: parse(sources.body),
    problems: parse(problems.body),
  };
  const text = json ? JSON.stringify(overview, undefined, 2) : statusText(overview, now);
  return { text, isGood: phase.status === 200 };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Error("the answer is no JSON: another program listens there");
  }
}
