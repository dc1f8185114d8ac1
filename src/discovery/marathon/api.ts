import type { Problem } from "../../model/problem.ts";
import { AnswerError, toAnswerError } from "./answer-error.ts";
import { Deadline } from "../../async/deadline.ts";
import { readDocument } from "./document.ts";
import { joinTasks } from "./from-tasks.ts";
import { get, type Requester } from "./http.ts";
import { apiUrl, type Member } from "./members.ts";
import { parseApps, parseTasks, type WireApp, type WireTasks } from "./wire.ts";

export interface ApiOptions {
  readonly requester: Requester;
  readonly members: readonly [Member, ...Member[]];
  /** Longest time for one request from its start to the end of the body, in ms. */
  readonly totalTimeoutMs: number;
  readonly bodyLimitBytes: number;
}

/** Everything Marathon runs, or why none of its members could say. */
export type Listing =
  | {
      readonly kind: "listed";
      readonly member: Member;
      readonly apps: readonly WireApp[];
      readonly problems: readonly Problem[];
    }
  | { readonly kind: "failed"; readonly failures: readonly Failure[] };

export interface Failure {
  readonly member: Member;
  readonly error: AnswerError;
}

/** Reads the whole list of apps and tasks from the first member that can give it; the last good one is asked first. */
export class Api {
  readonly #options: ApiOptions;
  #preferred: Member;

  constructor(options: ApiOptions) {
    this.#options = options;
    this.#preferred = options.members[0];
  }

  /** The member that answered last, or the first one. */
  get member(): Member {
    return this.#preferred;
  }

  /** One listing; `onFailure` hears of each member that could not give it. Rejects only when the signal aborts. */
  async list(onFailure: (failure: Failure) => void, signal: AbortSignal): Promise<Listing> {
    const failures: Failure[] = [];
    for (const member of this.#inOrder()) {
      try {
        const { apps, problems } = await this.#listFrom(member, signal);
        this.#preferred = member;
        return { kind: "listed", member, apps, problems };
      } catch (error) {
        signal.throwIfAborted();
        const failure = { member, error: toAnswerError(error) };
        failures.push(failure);
        onFailure(failure);
      }
    }
    return { kind: "failed", failures };
  }

  #inOrder(): readonly Member[] {
    const { members } = this.#options;
    const start = members.indexOf(this.#preferred);
    return [...members.slice(start), ...members.slice(0, start)];
  }

  async #listFrom(
    member: Member,
    signal: AbortSignal,
  ): Promise<{ readonly apps: readonly WireApp[]; readonly problems: readonly Problem[] }> {
    const document = await this.#document(member, apiUrl(member, "/v2/apps", embedTasks()), signal);
    const listed = parseApps(document);
    if (listed === undefined) throw new AnswerError("wrong-shape", "apps is no list");
    const { apps, problems } = listed;
    const isEmbedded = apps.length === 0 || apps.some((app) => app.tasks !== undefined);
    if (isEmbedded) return { apps, problems };
    const { tasks, problems: taskProblems } = await this.#tasks(member, signal);
    return { apps: joinTasks(apps, tasks), problems: [...problems, ...taskProblems] };
  }

  async #tasks(member: Member, signal: AbortSignal): Promise<WireTasks> {
    const url = apiUrl(member, "/v2/tasks", new URLSearchParams());
    const listed = parseTasks(await this.#document(member, url, signal));
    if (listed === undefined) throw new AnswerError("wrong-shape", "tasks is no list");
    return listed;
  }

  async #document(member: Member, url: URL, signal: AbortSignal): Promise<unknown> {
    const { requester, totalTimeoutMs, bodyLimitBytes } = this.#options;
    using deadline = new Deadline(totalTimeoutMs, () => tooLate(totalTimeoutMs), signal);
    const { response } = await get(requester, member, { url, signal: deadline.signal });
    // Awaited here, so that the deadline holds until the last byte.
    return await readDocument(response, bodyLimitBytes);
  }
}

function embedTasks(): URLSearchParams {
  return new URLSearchParams({ embed: "apps.tasks" });
}

function tooLate(ms: number): AnswerError {
  return new AnswerError("timeout", `no whole answer within ${ms} ms`);
}
