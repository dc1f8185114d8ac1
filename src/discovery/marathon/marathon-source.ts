import type { Agent } from "undici";

import type { Clock, Random } from "../../model/clock.ts";
import type { Logger } from "../../model/logger.ts";
import type { Source, SourceState, SourceStatus } from "../source.ts";
import type { BadAnswer } from "./answer-error.ts";
import { Api } from "./api.ts";
import { Credentials } from "./credentials.ts";
import { createAgent, type HttpLimits } from "./http.ts";
import { toMembers, type Member } from "./members.ts";
import { Session } from "./session.ts";
import { SourceTally } from "./source-tally.ts";

/** Options of a MarathonSource; times in ms. */
export interface MarathonSourceOptions {
  /** The members of one Marathon, http or https; a path prefix is kept, userinfo serves as credentials. */
  readonly endpoints: readonly URL[];
  /** File with `user:password` or a whole header value like `token=…`; read at each request. Default: none. */
  readonly authFile?: string | undefined;
  /** PEM text of the authorities to trust for https. Default: those of the system. */
  readonly ca?: string | undefined;
  /** PEM text of the certificate to show to https servers that ask for one, and of its key. Default: none. */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  /** Only ports of these groups are offered; `*` is every port, an empty name the ports without one. Default: `*`. */
  readonly groups?: readonly string[];
  /** False leaves out services whose replicas listen on the service port itself. Default: true. */
  readonly exposeHost?: boolean;
  /** Also offer the endpoints of pods that carry a service port by label, at one more request per look. Default: false. */
  readonly pods?: boolean;
  /** Longest time between two full reads. */
  readonly refreshIntervalMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Default 3000. */
  readonly connectTimeoutMs?: number;
  /** Until the head of an answer. Default 10,000. */
  readonly firstByteTimeoutMs?: number;
  /** Until the end of an answer. Default 30,000. */
  readonly totalTimeoutMs?: number;
  /** Longest answer, in bytes. Default 256 MiB. */
  readonly bodyLimitBytes?: number;
  /** An event stream without a byte for this long is dead; Marathon sends one every 10 s. Default 30,000. */
  readonly silenceMs?: number;
  /** A burst of events is over after this long without one. Default 50. */
  readonly quietMs?: number;
  /** A burst of events is not waited for longer than this. Default 250. */
  readonly maxWaitMs?: number;
}

const defaults = {
  authFile: undefined,
  ca: undefined,
  certificate: undefined,
  key: undefined,
  groups: ["*"],
  exposeHost: true,
  pods: false,
  connectTimeoutMs: 3000,
  firstByteTimeoutMs: 10_000,
  totalTimeoutMs: 30_000,
  bodyLimitBytes: 256 * 1024 * 1024,
  silenceMs: 30_000,
  quietMs: 50,
  maxWaitMs: 250,
} as const;

/** Services from Marathon 0.11–1.11: full reads, made prompt by its event stream and safe by a periodic read. */
export class MarathonSource implements Source {
  readonly name = "marathon";
  readonly #options: Required<MarathonSourceOptions>;
  readonly #members: readonly [Member, ...Member[]];
  readonly #tally: SourceTally;
  #api: Api | undefined;
  #session: Session | undefined;

  /** Throws a TypeError when no endpoint is given, or one that is not http or https. */
  constructor(options: MarathonSourceOptions) {
    this.#options = { ...defaults, ...options };
    this.#members = toMembers(options.endpoints);
    this.#tally = new SourceTally(options.clock);
  }

  /** How often a member's answer was refused, by reason. */
  get badAnswers(): ReadonlyMap<BadAnswer, number> {
    return this.#tally.badAnswers;
  }

  /** One run at a time; it may be run again after it has ended. */
  async *run(signal: AbortSignal): AsyncGenerator<SourceState, void, void> {
    const members = this.#members;
    const { authFile, totalTimeoutMs, bodyLimitBytes, pods } = this.#options;
    const credentials = new Credentials(members, authFile);
    await using owned = new AsyncDisposableStack();
    const polls = owned.adopt(createAgent(this.#limits(totalTimeoutMs)), destroy);
    const streams = owned.adopt(createAgent(this.#limits(this.#options.silenceMs)), destroy);
    const reader = {
      credentials,
      members,
      agent: polls,
      accept: "application/json",
      followsForeignHosts: false,
    };
    const api = new Api({ requester: reader, members, totalTimeoutMs, bodyLimitBytes, pods });
    const session = new Session({
      ...this.#options,
      source: this.name,
      members,
      api,
      streams: {
        credentials,
        members,
        agent: streams,
        accept: "text/event-stream",
        followsForeignHosts: true,
      },
      tally: this.#tally,
    });
    this.#api = api;
    this.#session = session;
    try {
      yield* session.run(signal);
    } finally {
      this.#session = undefined;
    }
  }

  status(): SourceStatus {
    const { shown } = this.#api?.member ?? this.#members[0];
    return this.#tally.status(this.name, shown);
  }

  resync(): void {
    this.#session?.resync();
  }

  #limits(silenceMs: number): HttpLimits {
    const { connectTimeoutMs, firstByteTimeoutMs, ca, certificate, key } = this.#options;
    return { connectTimeoutMs, firstByteTimeoutMs, silenceMs, tls: { ca, certificate, key } };
  }
}

/** At once: whatever is under way is for nobody any more. */
function destroy(agent: Agent): Promise<void> {
  return agent.destroy();
}
