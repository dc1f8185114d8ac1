import assert from "node:assert/strict";
import { Song } from "./canary.ts";
import { DockerStandIn } from "./docker-stand-in.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import type { ServiceJson, StatusPort } from "./status-port.ts";
import { echo, TcpReplica } from "./tcp-replica.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

const app = "/canary";
/** The same in every program, so that one that remembers another one's canary does not miss it. */
const task = "canary";

/**
 * Nobody has to ask its replica, and its connections are not written down: probes and lines are the story's own. It is
 * of the group that stories serve which serve one alone.
 */
const options = { health: "marathon", "access-log": "false", groups: "mine" };

/** Where a program learns of its canary. */
interface Listing {
  /** The source's name, as its metrics have it. */
  readonly source: string;
  readonly args: readonly string[];
}

/** Where the canary is served and where its replica is, on this host. */
interface Places {
  readonly port: number;
  readonly replica: number;
}

/**
 * A service of its own in a whole program, with a replica and a source of its own, to which somebody connects all the
 * time from when the program is ready until it is told to end: none of these connections may fail (I5).
 */
export class ProgramCanary implements AsyncDisposable {
  /** What the program is to be started with, beside its own arguments. */
  readonly args: readonly string[];
  readonly #source: string;
  readonly #port: number;
  readonly #owned: AsyncDisposableStack;
  readonly #songs: Song[] = [];
  #host = "";
  #begun: Promise<void> | undefined;
  #isOver = false;

  private constructor({ source, args }: Listing, port: number, owned: AsyncDisposableStack) {
    this.args = args;
    this.#source = source;
    this.#port = port;
    this.#owned = owned;
  }

  /** One for a program with these arguments: listed in a file, unless the story itself has one. */
  static async hatch(given: readonly string[]): Promise<ProgramCanary> {
    await using owned = new AsyncDisposableStack();
    const bird = owned.use(await TcpReplica.start(echo));
    const places = { port: await freePort(), replica: bird.port };
    const hasFile = given.some((word) => word === "--file" || word.startsWith("--file="));
    const listing = hasFile ? await inDocker(places, owned) : inFile(places, owned);
    return new ProgramCanary(listing, places.port, owned.move());
  }

  get port(): number {
    return this.#port;
  }

  /** Connections that were served so far. */
  get served(): number {
    return this.#songs.reduce((sum, { served }) => sum + served, 0);
  }

  /** How connections failed before the program was told to end. */
  get failures(): readonly string[] {
    return this.#songs.flatMap(({ failures }) => failures);
  }

  /** True for its service in a table. */
  isAt({ port }: Pick<ServiceJson, "port">): boolean {
    return port === this.#port;
  }

  /** True for a line of metrics that is there since the canary is, and for no other reason. */
  isIn(line: string): boolean {
    const own = [`service="canary:${this.#port}"`, `source="${this.#source}"`];
    return own.some((label) => line.includes(label));
  }

  /** The first connection has been made, if the program has a table; without one nobody is served. */
  async begin(status: StatusPort): Promise<void> {
    if (this.#isOver) return;
    if (this.#begun === undefined && (await status.table()).version === 0) return;
    await (this.#begun ??= this.#begin(status));
  }

  /** Nothing of it is under way while `look` runs. */
  async pausing(look: () => Promise<void>): Promise<void> {
    await this.#songs.at(-1)?.[Symbol.asyncDispose]();
    await look();
    if (this.#songs.length > 0) this.#sing();
  }

  /** It ends; what fails from now on does not count, since the program may end, too. */
  hush(): void {
    this.#isOver = true;
    this.#songs.at(-1)?.hush();
  }

  assertWell(): void {
    assert.deepEqual(this.failures, [], "the canary's failures");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.hush();
    await this.#songs.at(-1)?.[Symbol.asyncDispose]();
    await this.#owned.disposeAsync();
  }

  async #begin(status: StatusPort): Promise<void> {
    const listening = async (): Promise<string | undefined> =>
      (await status.table()).services.find((one) => this.isAt(one))?.listening[0];
    const bound = await eventually(listening, { withinMs: 20_000, what: "the canary's port" });
    this.#host = bound.slice(0, bound.lastIndexOf(":")).replace(/^\[(.*)\]$/, "$1");
    this.#sing();
    await eventually(() => this.#isOver || this.served + this.failures.length > 0, {
      withinMs: 60_000,
      what: "the end of the canary's first connection",
    });
  }

  #sing(): void {
    if (!this.#isOver) this.#songs.push(new Song(this.#port, this.#host));
  }
}

function inFile({ port, replica }: Places, owned: AsyncDisposableStack): Listing {
  const folder = owned.use(new TemporaryFolder());
  const replicas = [{ address: `127.0.0.1:${replica}`, task }];
  folder.replace("canary.json", JSON.stringify({ services: [{ app, port, options, replicas }] }));
  return { source: "file", args: ["--file", folder.file("canary.json")] };
}

async function inDocker({ port, replica }: Places, owned: AsyncDisposableStack): Promise<Listing> {
  const docker = owned.use(await DockerStandIn.start());
  const named = Object.entries({ name: app, port: String(port), ...options });
  const Labels = Object.fromEntries(named.map(([name, text]) => [`portolan.${name}`, text]));
  const Ports = [{ IP: "127.0.0.1", PrivatePort: 80, PublicPort: replica, Type: "tcp" }];
  docker.hold([{ Id: task, Labels, Ports }]);
  return { source: "docker", args: ["--docker", docker.url] };
}
