import type { Apps } from "./apps.ts";
import type { Cluster } from "./cluster.ts";
import type { Deployer } from "./deployer.ts";
import type { Election } from "./election.ts";
import type { EventCallbacks } from "./event-callbacks.ts";
import type { EventStreams } from "./event-streams.ts";
import type { FaultBook } from "./faults.ts";
import type { Settings } from "./options.ts";
import type { RenderedLists } from "./rendered-lists.ts";
import type { TaskRunner } from "./task-runner.ts";
import type { Tasks } from "./tasks.ts";

/** What all members of one embedded Marathon share. */
export interface Core {
  readonly settings: Settings;
  readonly cluster: Cluster;
  readonly apps: Apps;
  readonly tasks: Tasks;
  readonly runner: TaskRunner;
  readonly deployer: Deployer;
  readonly lists: RenderedLists;
  readonly streams: EventStreams;
  readonly callbacks: EventCallbacks;
  readonly election: Election;
  readonly faults: FaultBook;
  /** `host:port` of a member. */
  readonly authorityOf: (member: number) => string;
  /** Gives leadership up a little later. */
  readonly abdicate: () => void;
}
