import { presentable } from "../config/reader.ts";
import { findSpelling, formatFlag, spellings } from "./spellings.ts";

export interface Tokens {
  /** The same command line, written so that yargs reads it as it was meant. */
  readonly argv: readonly string[];
  readonly problems: readonly string[];
}

/** Rewrites the tokens that yargs would quietly misread, up to `--`. */
export function readTokens(argv: readonly string[]): Tokens {
  const end = argv.indexOf("--");
  const own = end === -1 ? argv : argv.slice(0, end);
  const read = own.map(readToken);
  const rewritten = read.flatMap((token) => token.argv);
  return {
    argv: [...rewritten, ...argv.slice(own.length)],
    problems: [...read.flatMap((token) => token.problems), ...contradictions(rewritten)],
  };
}

function readToken(token: string): Tokens {
  const [, flag, value] = /^--([^=]+)(?:=(.*))?$/s.exec(token) ?? [];
  if (flag !== undefined) return readLong(token, flag, value);
  return /^-[a-z]/i.test(token) ? readLetters(token.slice(1)) : accept(token);
}

function readLong(token: string, flag: string, value: string | undefined): Tokens {
  // [yargs] these names break its own bookkeeping.
  if (flag === "_" || flag === "$0" || Object.hasOwn(Object.prototype, flag)) {
    return refuse(`unknown option: ${formatFlag(flag)}`);
  }
  if (value === undefined) return accept(token);
  if (findSpelling(flag)?.takes === "nothing") return readSwitch(flag, value);
  return value === "" ? accept(`--${flag}`, "") : accept(token);
}

/** yargs takes any text but `true` for false. */
function readSwitch(flag: string, value: string): Tokens {
  if (/^(?:true|1)$/i.test(value)) return accept(`--${flag}`);
  if (/^(?:false|0)$/i.test(value)) return accept(`--no-${flag}`);
  return refuse(
    `--${flag}: ${presentable(value)} is not accepted; give true or false, or no value`,
  );
}

/** `vi30` → `-v -i 30`; yargs would turn the rest of a word after a letter into more letters, or drop it. */
function readLetters(letters: string): Tokens {
  const argv: string[] = [];
  for (let index = 0; index < letters.length; index += 1) {
    const letter = letters.charAt(index);
    const spelling = spellings.find(({ alias }) => alias === letter);
    if (spelling === undefined)
      return refuse(`unknown option: ${presentable(`-${letter}`).slice(1, -1)}`);
    argv.push(`-${letter}`);
    if (spelling.takes === "nothing") continue;
    const value = letters.slice(index + 1).replace(/^=/, "");
    return accept(...argv, ...(value === "" ? [] : [value]));
  }
  return accept(...argv);
}

/** yargs lets the last of `--x --no-x` win. */
function contradictions(tokens: readonly string[]): readonly string[] {
  const given = new Set(tokens);
  return spellings
    .filter(
      ({ flag, takes }) =>
        takes === "nothing" && given.has(`--${flag}`) && given.has(`--no-${flag}`),
    )
    .map(({ flag }) => `--${flag} and --no-${flag} contradict each other`);
}

function accept(...argv: readonly string[]): Tokens {
  return { argv, problems: [] };
}

function refuse(problem: string): Tokens {
  return { argv: [], problems: [problem] };
}
