import { Deadline } from "../../async/deadline.ts";
import type { Problem } from "../../model/problem.ts";
import { AnswerError, toAnswerError } from "../answer-error.ts";
import { readDocument } from "../document.ts";
import { fieldsOf } from "../fields.ts";
import { parseVersion, type AppDefinition } from "./definition.ts";
import { joinTasks } from "./from-tasks.ts";
import { headerOf } from "../http-answer.ts";
import { get, type Requester } from "./http.ts";
import { apiUrl, type Member } from "./members.ts";
import type { AppVersion } from "./past-definitions.ts";
import { parsePods } from "./pods.ts";
import { QuietTimes } from "./quiet-times.ts";
import { parseApps, parseTasks, type WireApp, type WireApps, type WireTasks } from "./wire.ts";

export interface ApiOptions {
  readonly requester: Requester;
  readonly members: readonly [Member, ...Member[]];
  /** Longest time for one request from its start to the end of the body, in ms. */
  readonly totalTimeoutMs: number;
  readonly bodyLimitBytes: number;
  /** Whether pods are asked for too, with each list. */
  readonly pods: boolean;
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

const appTimeoutMs = 3000;

/** Reads the whole list of apps and tasks from the first member that can give it; the last good one is asked first. */
export class Api {
  readonly #options: ApiOptions;
  #preferred: Member;
  /** As they were last told: pods that cannot be read cost nobody an app, and are not gone. */
  #pods: WireApps = { apps: [], problems: [] };
  readonly #quietTimes = new QuietTimes();
  #leader: string | undefined;
  #ledSince = -Infinity;

  constructor(options: ApiOptions) {
    this.#options = options;
    this.#preferred = options.members[0];
  }

  /** The member that answered last, or the first one. */
  get member(): Member {
    return this.#preferred;
  }

  /** When an answer first came from a leader that was another one before, in ms of `performance.now()`. */
  get ledSince(): number {
    return this.#ledSince;
  }

  /** One listing; `onFailure` hears of each member that could not give it. Rejects only when the signal aborts. */
  async list(onFailure: (failure: Failure) => void, signal: AbortSignal): Promise<Listing> {
    const failures: Failure[] = [];
    for (const member of this.#inOrder()) {
      try {
        const { apps, problems } = await this.#listFrom(member, signal);
        this.#preferred = member;
        if (this.#options.pods) await this.#readPods(member, { onFailure, signal });
        return withPods({ kind: "listed", member, apps, problems }, this.#pods);
      } catch (error) {
        signal.throwIfAborted();
        const failure = { member, error: toAnswerError(error) };
        failures.push(failure);
        onFailure(failure);
      }
    }
    return { kind: "failed", failures };
  }

  /** One app with its tasks, from the member that answered last. Rejects when it does not say, or has no such app. */
  async app(id: string, signal: AbortSignal): Promise<WireApps> {
    const member = this.#preferred;
    const url = apiUrl(member, `/v2/apps${id}`, new URLSearchParams());
    // The list is behind it, so that a member that hangs is not waited for twice.
    using deadline = new Deadline(appTimeoutMs, () => tooLate(appTimeoutMs), signal);
    const read = parseApps({
      apps: [fieldsOf(await this.#document(member, url, deadline.signal))["app"]],
    });
    const [only] = read?.apps ?? [];
    if (read === undefined || only?.id !== id || only.tasks === undefined)
      throw new AnswerError("wrong-shape", "no app with its tasks");
    return read;
  }

  /**
   * The definition an app had in one version, from the member that answered last; undefined when it is not known any
   * more. Rejects with an AnswerError when that cannot be said, or when the signal aborts.
   */
  async version(
    { app, version }: AppVersion,
    signal: AbortSignal,
  ): Promise<AppDefinition | undefined> {
    const member = this.#preferred;
    const path = `/v2/apps${app}/versions/${new Date(version).toISOString()}`;
    try {
      const url = apiUrl(member, path, new URLSearchParams());
      const definition = parseVersion(app, await this.#document(member, url, signal));
      if (definition === undefined)
        throw new AnswerError("wrong-shape", "no definition of the app");
      return definition;
    } catch (error) {
      signal.throwIfAborted();
      const reason = toAnswerError(error);
      if (reason.code === "not-found") return undefined;
      throw reason;
    }
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

  async #readPods(
    member: Member,
    {
      onFailure,
      signal,
    }: { readonly onFailure: (failure: Failure) => void; readonly signal: AbortSignal },
  ): Promise<void> {
    try {
      const url = apiUrl(member, "/v2/pods/::status", new URLSearchParams());
      const pods = parsePods(await this.#document(member, url, signal));
      if (pods === undefined) throw new AnswerError("wrong-shape", "pods are no list");
      this.#pods = pods;
    } catch (error) {
      signal.throwIfAborted();
      const reason = toAnswerError(error);
      // [marathon ≤1.3] It knows no pods, and so has none.
      if (reason.code === "not-found") this.#pods = { apps: [], problems: [] };
      else onFailure({ member, error: reason });
    }
  }

  /** [marathon §1.1] Only a leader names itself, also through a standby. */
  #noteLeader(leader: string | undefined): void {
    if (leader === undefined || leader === this.#leader) return;
    if (this.#leader !== undefined) this.#ledSince = performance.now();
    this.#leader = leader;
  }

  async #tasks(member: Member, signal: AbortSignal): Promise<WireTasks> {
    const url = apiUrl(member, "/v2/tasks", new URLSearchParams());
    const listed = parseTasks(await this.#document(member, url, signal));
    if (listed === undefined) throw new AnswerError("wrong-shape", "tasks is no list");
    return listed;
  }

  async #document(member: Member, url: URL, signal: AbortSignal): Promise<unknown> {
    const { requester, totalTimeoutMs, bodyLimitBytes } = this.#options;
    this.#quietTimes.check(member, performance.now());
    using deadline = new Deadline(totalTimeoutMs, () => tooLate(totalTimeoutMs), signal);
    try {
      const { response } = await get(requester, member, { url, signal: deadline.signal });
      this.#noteLeader(headerOf(response, "x-marathon-leader"));
      // Awaited here, so that the deadline holds until the last byte.
      return await readDocument(response, bodyLimitBytes);
    } catch (error) {
      this.#quietTimes.note(member, error, performance.now());
      throw error;
    }
  }
}

/** An app wins over a pod of the same name, which Marathon does not allow. */
function withPods(listing: Listing & { readonly kind: "listed" }, pods: WireApps): Listing {
  if (pods.apps.length === 0) return listing;
  const names = new Set(listing.apps.map(({ id }) => id));
  return {
    ...listing,
    apps: [...listing.apps, ...pods.apps.filter(({ id }) => !names.has(id))],
    problems: [...listing.problems, ...pods.problems],
  };
}

function embedTasks(): URLSearchParams {
  return new URLSearchParams({ embed: "apps.tasks" });
}

function tooLate(ms: number): AnswerError {
  return new AnswerError("timeout", `no whole answer within ${ms} ms`);
}
