import type { Clock, Random } from "../../model/clock.ts";
import type { Logger } from "../../model/logger.ts";
import type { BadAnswer } from "../answer-error.ts";
import { SourceTally } from "../source-tally.ts";
import type { Source, SourceState, SourceStatus } from "../source.ts";
import { Api } from "./api.ts";
import { Credentials } from "./credentials.ts";
import { toMembers, type Member } from "./members.ts";
import { RenewedAgent, type Pem } from "../renewed-agent.ts";
import { Session } from "./session.ts";

/** Options of a MarathonSource; times in ms. */
export interface MarathonSourceOptions {
  /** The members of one Marathon, http or https; a path prefix is kept, userinfo serves as credentials. */
  readonly endpoints: readonly URL[];
  /** File with `user:password` or a whole header value like `token=…`; read at each request. Default: none. */
  readonly authFile?: string | undefined;
  /** The authorities to trust for https; a file that is renewed is noticed within 10 s. Default: those of the system. */
  readonly ca?: Pem | undefined;
  /** The certificate to show to https servers that ask for one, and its key. Default: none. */
  readonly certificate?: Pem | undefined;
  readonly key?: Pem | undefined;
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
  /** A burst of events is over after this long without one. Default 20. */
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
  quietMs: 20,
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
  #agents: readonly RenewedAgent[] = [];

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
    const polls = owned.use(this.#agent(totalTimeoutMs));
    const streams = owned.use(this.#agent(this.#options.silenceMs));
    this.#agents = [polls, streams];
    this.#warnOfPlainCredentials();
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
    for (const agent of this.#agents) agent.recheck();
    this.#session?.resync();
  }

  #agent(silenceMs: number): RenewedAgent {
    const { connectTimeoutMs, firstByteTimeoutMs, ca, certificate, key } = this.#options;
    const limits = { connectTimeoutMs, firstByteTimeoutMs, silenceMs };
    return new RenewedAgent(limits, { ca, certificate, key });
  }

  #warnOfPlainCredentials(): void {
    const { authFile, logger } = this.#options;
    const plain = this.#members.filter(
      ({ url, login }) => url.protocol === "http:" && (authFile ?? login) !== undefined,
    );
    if (plain.length === 0) return;
    const endpoints = plain.map(({ shown }) => shown);
    logger.warn("credentials for marathon are sent over plain http", { endpoints });
  }
}
