/** What a command takes beside the options. */
interface Command {
  readonly describe: string;
  /** For our own scripts. */
  readonly isHidden?: true;
  readonly hasDemo?: true;
  /** What the word after it stands for; without it, none is taken. */
  readonly word?: string;
  /** The only words it takes; the first is meant when none is given. */
  readonly oneOf?: readonly string[];
  readonly hasJson?: true;
}

const names = [
  "run",
  "check",
  "demo",
  "start",
  "explain",
  "status",
  "top",
  "healthcheck",
  "completion",
] as const;

/** Shells that `completion` knows. */
export const shells = ["bash", "zsh", "fish"] as const;

export type Shell = (typeof shells)[number];

export type CommandName = (typeof names)[number];

/** What `portolan` can be asked to do. */
export const commands: Readonly<Record<CommandName, Command>> = {
  run: { describe: "Forward service ports to healthy replicas (the default)" },
  check: {
    describe: "Read the sources once, show what would be served and every problem, bind nothing",
    hasJson: true,
  },
  demo: {
    describe: "The same with a Marathon and sample replicas of its own; nothing to install",
    hasDemo: true,
  },
  start: {
    describe: "run when a source is configured, demo otherwise",
    isHidden: true,
    hasDemo: true,
  },
  explain: {
    describe: "Say why each replica of an app is in rotation or out of it",
    word: "app id",
    hasJson: true,
  },
  status: {
    describe: "Say how a running portolan is: its sources, services and problems",
    hasJson: true,
  },
  top: { describe: "Watch a running portolan on this terminal: services, replicas, rates, errors" },
  healthcheck: {
    describe: "Exit 0 when a running portolan is ready, 1 otherwise; for container checks",
  },
  completion: {
    describe: "Print what makes a shell complete our commands and options",
    word: "bash, zsh or fish",
    oneOf: shells,
  },
};

export function isCommandName(text: string): text is CommandName {
  return Object.hasOwn(commands, text);
}

/** How the demo behaves. */
export interface DemoOptions {
  /** True lets the demo scale, break and deploy its apps by itself. Default: true. */
  readonly script: boolean;
}

/** What is asked of a running portolan. */
export interface Question {
  readonly command: "explain" | "status" | "healthcheck";
  /** What `explain` is about; empty for the others. */
  readonly word: string;
  /** True for the answer as it is, for programs. */
  readonly json: boolean;
}
