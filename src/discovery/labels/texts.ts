import { domainToASCII } from "node:url";
import { quoted, refused, type ValueReader } from "./values.ts";

/** What a text may look like, and how that is called. */
interface TextRules {
  /** In characters. */
  readonly longest: number;
  readonly grammar: RegExp;
  /** Completes the sentence `the value is …`. */
  readonly what: string;
}

/** Reads a text as it is, when it fits the rules. */
export function text({ longest, grammar, what }: TextRules): ValueReader<string> {
  const accepts = `${what} of at most ${longest} characters`;
  return {
    accepts,
    read(given) {
      const isGood = given.length <= longest && grammar.test(given);
      return isGood ? { value: given, faults: [] } : refused(given, accepts);
    },
  };
}

/** Reads a name made of the characters of an HTTP token [rfc9110 §5.6.2]; empty for none. */
export const token: ValueReader<string> = text({
  longest: 64,
  grammar: /^[\w!#$%&'*+.^`|~-]*$/,
  what: "a name without spaces and separators",
});

const mostWords = 100;

/** Reads names separated by commas or spaces. */
export const words: ValueReader<readonly string[]> = {
  accepts: "names separated by commas or spaces",
  read(given) {
    const items = split(given);
    if (items.length === 0) return refused(given, words.accepts);
    const faults = items.length > mostWords ? [`only the first ${mostWords} names are used`] : [];
    return { value: items.slice(0, mostWords), faults };
  },
};

const mostHosts = 10_000;
const hostGrammar =
  /^(?:\*\.)?(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/;

/** Reads host names, exact or `*.suffix`, separated by commas or spaces, into lower-case ASCII; others are left out. */
export const hostNames: ValueReader<readonly string[]> = {
  accepts: "host names, exact or *.suffix, separated by commas or spaces",
  read(given) {
    const names = new Set<string>();
    const bad: string[] = [];
    const items = split(given);
    if (items.length === 0) return refused(given, hostNames.accepts);
    for (const item of items.slice(0, mostHosts)) {
      const name = hostName(item);
      if (name === undefined) bad.push(item);
      else names.add(name);
    }
    const faults = bad.slice(0, 3).map((item) => `${quoted(item)} is no host name: left out`);
    if (bad.length > 3) faults.push(`${bad.length - 3} more are no host names: left out`);
    if (items.length > mostHosts) faults.push(`only the first ${mostHosts} host names are used`);
    return { value: names.size === 0 ? undefined : [...names], faults };
  },
};

/** The name in its one spelling; undefined when it is none, or a wildcard over a whole top-level domain. */
function hostName(item: string): string | undefined {
  const isWild = item.startsWith("*.");
  const written = (isWild ? item.slice(2) : item).replace(/\.$/, "").toLowerCase();
  const plain = isAscii.test(written) ? written : toAscii(written);
  const name = isWild ? `*.${plain}` : plain;
  const isTooWide = isWild && !plain.includes(".");
  return plain !== "" && hostGrammar.test(name) && !isTooWide ? name : undefined;
}

const isAscii = /^[!-~]*$/;

/** [node: domainToASCII] It reads a name as a URL does, which would cut it at the first sign of a path or port. */
function toAscii(name: string): string {
  return /[/\\?#@:%]/.test(name) ? "" : domainToASCII(name);
}

function split(given: string): string[] {
  return given.split(/[\s,]+/).filter((item) => item !== "");
}
