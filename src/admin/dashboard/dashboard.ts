import { readdirSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import type { LiveFeed } from "../live-feed.ts";
import { text, type Page, type Reply } from "../status-server.ts";
import { dashboardPage, icon } from "./page.ts";
import { style } from "./style.ts";

/** Only what comes from us may run, style, show or be asked; markup can be made from text by nobody. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

/** These pages with the dashboard at `/` for those who want HTML, and what the dashboard needs. */
export function withDashboard(pages: ReadonlyMap<string, Page>, feed: LiveFeed): Map<string, Page> {
  const program = new BrowserProgram();
  const plain = pages.get("/") ?? (() => text(404, "not found\n"));
  return new Map([
    ...pages,
    [
      "/",
      async (question) => {
        const reply = await plain(question);
        if ("stream" in reply || typeof reply.body !== "string")
          return text(500, "internal error\n");
        const headers = { ...reply.headers, vary: "accept" };
        return wantsHtml(question.accept)
          ? page(program.main, reply.body, headers)
          : { ...reply, headers };
      },
    ],
    [
      "/api/live",
      ({ query }) => {
        if (feed.isFull)
          return text(503, "as many readers as there may be are listening already\n");
        const open = query.getAll("open");
        return { type: "text/event-stream", stream: (response) => feed.attach(response, open) };
      },
    ],
    ["/dashboard/style.css", () => file("text/css", style)],
    ["/dashboard/icon.svg", () => file("image/svg+xml", icon)],
    [
      "/dashboard/client/",
      ({ rest }) => {
        const source = program.read(rest);
        return source === undefined ? text(404, "not found\n") : file("text/javascript", source);
      },
    ],
  ]);
}

/** `curl` and scripts say that anything will do, and get text. */
function wantsHtml(accept: string): boolean {
  return accept.includes("text/html");
}

function page(script: string, plain: string, headers: Readonly<Record<string, string>>): Reply {
  const html = file("text/html", dashboardPage(script, plain));
  return { ...html, headers: { ...headers, "content-security-policy": policy } };
}

function file(type: string, body: string): Reply {
  return { status: 200, type: `${type}; charset=utf-8`, body };
}

/** What runs in the browser: compiled beside this file in a build, and stripped of its types in a checkout. */
class BrowserProgram {
  readonly #folder = new URL("client/", import.meta.url);
  readonly #extension = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
  #files: ReadonlyMap<string, string> | undefined;

  /** The path of the module that begins. */
  get main(): string {
    return `/dashboard/client/main${this.#extension}`;
  }

  /** A module as JavaScript; undefined when there is none of this name. */
  read(name: string): string | undefined {
    this.#files ??= this.#load();
    return this.#files.get(name);
  }

  #load(): Map<string, string> {
    const names = readdirSync(this.#folder).filter(
      (name) => name.endsWith(this.#extension) && !name.endsWith(".d.ts"),
    );
    return new Map(
      names.map((name) => {
        const source = readFileSync(new URL(name, this.#folder), "utf8");
        // Modules keep the names under which they import each other.
        return [name, this.#extension === ".ts" ? stripTypeScriptTypes(source) : source];
      }),
    );
  }
}
