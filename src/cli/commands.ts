/** What `portolan` can be asked to do; `isHidden` ones are for our own scripts. */
export const commands = {
  run: {
    describe: "Forward service ports to healthy replicas (the default)",
    isHidden: false,
    hasDemo: false,
  },
  demo: {
    describe: "The same with a Marathon and sample replicas of its own; nothing to install",
    isHidden: false,
    hasDemo: true,
  },
  start: {
    describe: "run when a source is configured, demo otherwise",
    isHidden: true,
    hasDemo: true,
  },
} as const;

export type CommandName = keyof typeof commands;

export function isCommandName(text: string): text is CommandName {
  return Object.hasOwn(commands, text);
}

/** How the demo behaves. */
export interface DemoOptions {
  /** True lets the demo scale, break and deploy its apps by itself. Default: true. */
  readonly script: boolean;
}
