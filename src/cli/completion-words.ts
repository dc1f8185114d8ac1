import { options, settingNames } from "../config/options.ts";
import { commands } from "./commands.ts";

/** Everything that can be completed. */
export interface CompletionWords {
  readonly commands: readonly {
    readonly name: string;
    readonly describe: string;
    /** What may follow it; empty for anything. */
    readonly oneOf: readonly string[];
  }[];
  readonly options: readonly CompletedOption[];
}

interface CompletedOption {
  readonly flag: string;
  /** One letter. */
  readonly alias: string | undefined;
  readonly describe: string;
  readonly takesValue: boolean;
  /** The values it takes; empty for anything. */
  readonly oneOf: readonly string[];
}

/** The commands and options of this program, as the schema has them. */
export function completionWords(): CompletionWords {
  const shown = Object.entries(commands).filter(([, { isHidden }]) => isHidden !== true);
  return {
    commands: shown.map(([name, { describe, oneOf = [] }]) => ({ name, describe, oneOf })),
    options: [
      ...settingNames.map((name): CompletedOption => {
        const { flag, alias, describe, reader } = options[name];
        const takesValue = reader.takes !== "nothing";
        const oneOf = takesValue ? choicesIn(reader.accepts) : [];
        return { flag, alias, describe, takesValue, oneOf };
      }),
      ownSwitch("json", undefined, "The answer as JSON"),
      ownSwitch("help", "h", "Show help"),
      ownSwitch("version", "V", "Show the version"),
    ],
  };
}

/** A reader says what it accepts in words: `one of debug, info, warn`. */
function choicesIn(accepts: string): string[] {
  const [, list = ""] = /^(?:one|some) of ((?:[\w-]+, )*[\w-]+)(?:,|$)/.exec(accepts) ?? [];
  return list.split(", ").filter(Boolean);
}

function ownSwitch(flag: string, alias: string | undefined, describe: string): CompletedOption {
  return { flag, alias, describe, takesValue: false, oneOf: [] };
}
