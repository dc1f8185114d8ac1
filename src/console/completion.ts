/** What a shell can complete. */
export interface Completable {
  readonly commands: readonly {
    readonly name: string;
    readonly describe: string;
    /** What may follow it; empty for anything. */
    readonly oneOf: readonly string[];
  }[];
  readonly options: readonly CompletableOption[];
}

interface CompletableOption {
  readonly flag: string;
  /** One letter. */
  readonly alias: string | undefined;
  readonly describe: string;
  readonly takesValue: boolean;
  /** The values it takes; empty for anything, which is completed as a file. */
  readonly oneOf: readonly string[];
}

/** A script that makes this shell complete `portolan`; what it says at its top tells how to use it. */
export function completionScript(shell: "bash" | "zsh" | "fish", known: Completable): string {
  const writers = { bash: bashScript, zsh: zshScript, fish: fishScript };
  return writers[shell](known);
}

function bashScript({ commands, options }: Completable): string {
  const names = commands.map(({ name }) => name).join(" ");
  const flags = options.flatMap((option) => spellingsOf(option)).join(" ");
  const cases = [
    ...commands
      .filter(({ oneOf }) => oneOf.length > 0)
      .map(({ name, oneOf }) => ({ words: name, list: oneOf.join(" ") })),
    ...options
      .filter(({ oneOf }) => oneOf.length > 0)
      .map((option) => ({ words: spellingsOf(option).join("|"), list: option.oneOf.join(" ") })),
  ].map(({ words, list }) => `    ${words}) list=${quoted(list)} ;;`);
  const valued = options.filter(({ takesValue }) => takesValue);
  return `# portolan's completion for bash; to have it in every shell, put this into ~/.bashrc:
#   source <(portolan completion bash)
_portolan() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" list=''
  # Bash takes --flag=value apart at the sign.
  if [[ $word == '=' ]]; then word=''; elif [[ $before == '=' ]]; then before="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  COMPREPLY=()
  case "$before" in
${cases.join("\n")}
    ${valued.flatMap((option) => spellingsOf(option)).join("|")}) return ;;
  esac
  if [[ -z $list && $word == -* ]]; then list=${quoted(flags)}
  elif [[ -z $list && $COMP_CWORD -eq 1 ]]; then list=${quoted(names)}; fi
  mapfile -t COMPREPLY < <(compgen -W "$list" -- "$word")
}
complete -o default -F _portolan portolan
`;
}

function zshScript({ commands, options }: Completable): string {
  const names = commands.map(({ name, describe }) => quoted(`${name}:${zshText(describe)}`));
  const words = commands
    .filter(({ oneOf }) => oneOf.length > 0)
    .map(({ name, oneOf }) => `    ${name}) _values 'word' ${oneOf.map(quoted).join(" ")} ;;`);
  const specs = options.flatMap((option) => {
    const { describe, takesValue, oneOf } = option;
    const choice = oneOf.length === 0 ? "_files" : `(${oneOf.join(" ")})`;
    const value = takesValue ? `:value:${choice}` : "";
    return spellingsOf(option).map((spelling) => {
      const equals = takesValue && spelling.startsWith("--") ? "=" : "";
      return `    ${quoted(`*${spelling}${equals}[${zshText(describe)}]${value}`)}`;
    });
  });
  return `#compdef portolan
# portolan's completion for zsh; to have it in every shell, put this into ~/.zshrc, after compinit:
#   source <(portolan completion zsh)
_portolan() {
  local state
  local -a commands=(
    ${names.join("\n    ")}
  )
  _arguments \\
${specs.map((spec) => `${spec} \\\n`).join("")}    '1: :->command' '*: :->word'
  case "$state" in
    command) _describe 'command' commands ;;
    word) _portolan_word ;;
  esac
}
_portolan_word() {
  case "\${words[2]}" in
${words.join("\n")}
    *) _files ;;
  esac
}
if [[ "\${funcstack[1]}" == _portolan ]]; then _portolan "$@"; else compdef _portolan portolan; fi
`;
}

function fishScript({ commands, options }: Completable): string {
  const lines = [
    ...commands.flatMap(({ name, describe, oneOf }) => [
      `complete -c portolan -n __fish_use_subcommand -f -a ${name} -d ${fishText(describe)}`,
      ...(oneOf.length === 0
        ? []
        : [
            `complete -c portolan -n '__fish_seen_subcommand_from ${name}' -f -a ${fishText(oneOf.join(" "))}`,
          ]),
    ]),
    ...options.map(({ flag, alias, describe, takesValue, oneOf }) => {
      const short = alias === undefined ? "" : ` -s ${alias}`;
      const files = takesValue ? " -r" : "";
      const value = oneOf.length === 0 ? files : ` -x -a ${fishText(oneOf.join(" "))}`;
      return `complete -c portolan -l ${flag}${short}${value} -d ${fishText(describe)}`;
    }),
  ];
  return `# portolan's completion for fish; to have it in every shell:
#   portolan completion fish > ~/.config/fish/completions/portolan.fish
${lines.join("\n")}
`;
}

function spellingsOf({ flag, alias }: CompletableOption): string[] {
  return [`--${flag}`, ...(alias === undefined ? [] : [`-${alias}`])];
}

/** One word for bash and zsh, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** In zsh's descriptions, colons and brackets have a meaning. */
function zshText(text: string): string {
  return text.replaceAll(/[[\]:\\]/g, String.raw`\$&`);
}

/** One word for fish, whatever is in it. */
function fishText(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}
