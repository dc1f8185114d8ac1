import { readFile } from "node:fs/promises";

import { AnswerError } from "../answer-error.ts";
import { memberAt, type Member } from "./members.ts";

/** Finds the Authorization header for a request, and gives it to configured hosts only. */
export class Credentials {
  readonly #members: readonly Member[];
  readonly #authFile: string | undefined;

  constructor(members: readonly Member[], authFile: string | undefined) {
    this.#members = members;
    this.#authFile = authFile;
  }

  /**
   * The header value for this URL, or undefined for none. The file is read at each request, so that a renewed token
   * needs no restart, and wins over userinfo of the URL.
   */
  async headerFor(url: URL, asked: Member): Promise<string | undefined> {
    const member = memberAt(this.#members, url);
    if (member === undefined) return undefined;
    if (this.#authFile !== undefined) return toHeader(await readAuthFile(this.#authFile));
    const login = member.login ?? asked.login;
    return login === undefined ? undefined : basic(login);
  }
}

async function readAuthFile(path: string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    throw new AnswerError("credentials", "the auth file cannot be read", { cause: error });
  }
}

/** `user:password` becomes Basic; anything with a scheme or an equals sign, like `token=…`, goes as it is. */
function toHeader(text: string): string {
  const isWhole = /^(?:[\w-]+ \S|token=)/i.test(text) || !text.includes(":");
  const header = isWhole ? text : basic(text);
  if (/^[\u0020-\u007E]+$/.test(header) && !/[\r\n]/.test(text)) return header;
  throw new AnswerError("credentials", "the auth file is empty or no header can carry it");
}

function basic(login: string): string {
  return `Basic ${Buffer.from(login, "utf8").toString("base64")}`;
}
