import { formatDuration, parseDuration } from "../../model/duration.ts";
import { isNetwork } from "../../model/network.ts";
import { printable } from "../../model/problem.ts";

/** What a text says. */
export interface Reading<T> {
  /** Undefined when nothing in the text can be used. */
  readonly value: T | undefined;
  /** What is wrong with the text and what was done about it, printable and bounded. */
  readonly faults: readonly string[];
}

/** How one kind of value is written; `read` never throws. */
export interface ValueReader<T> {
  /** Completes the sentence `the value is …`. */
  readonly accepts: string;
  read(text: string): Reading<T>;
}

export interface Bounds {
  readonly least: number;
  readonly most: number;
}

/** Reads one of a closed list of words, in any case. */
export function choice<T extends string>(words: readonly T[]): ValueReader<T> {
  return oneOf(words.map((word) => [word, word]));
}

/** Reads one of a closed list of words, in any case, into what it stands for. */
export function oneOf<T>(meanings: readonly (readonly [word: string, value: T])[]): ValueReader<T> {
  const byWord = new Map(meanings);
  const accepts = listOf([...byWord.keys()]);
  return {
    accepts,
    read(text) {
      const value = byWord.get(text.trim().toLowerCase());
      return value === undefined ? refused(text, accepts) : { value, faults: [] };
    },
  };
}

/** Reads `true`, `1`, `false` or `0`, in any case. */
export const onOff: ValueReader<boolean> = oneOf([
  ["true", true],
  ["1", true],
  ["false", false],
  ["0", false],
]);

/** Reads the version of a PROXY header, 0 being none. */
export const proxyVersion: ValueReader<0 | 1 | 2> = oneOf<0 | 1 | 2>([
  ["1", 1],
  ["2", 2],
  ["0", 0],
  ["off", 0],
]);

/** Reads a whole number; one out of bounds is taken as the nearest in bounds. */
export function wholeNumber(bounds: Bounds): ValueReader<number> {
  const accepts = `a whole number from ${bounds.least} to ${bounds.most}`;
  return clamped(bounds, { accepts, parse: parseWholeNumber, format: String });
}

/** Reads a whole number whose nearest neighbour would mean something else: one out of bounds is ignored. */
export function numberOf({ least, most }: Bounds): ValueReader<number> {
  const accepts = `a whole number from ${least} to ${most}`;
  return {
    accepts,
    read(text) {
      const value = parseWholeNumber(text.trim());
      const isGood = value !== undefined && value >= least && value <= most;
      return isGood ? { value, faults: [] } : refused(text, accepts);
    },
  };
}

/** Reads a time into ms; one out of bounds is taken as the nearest in bounds. */
export function duration(boundsMs: Bounds): ValueReader<number> {
  const [least, most] = [boundsMs.least, boundsMs.most].map(formatDuration);
  const accepts = `a time from ${least} to ${most}`;
  return clamped(boundsMs, { accepts, parse: parseDuration, format: formatDuration });
}

/** Reads addresses and networks, separated by commas or space; those that are none are left out. */
export const networks: ValueReader<readonly string[]> = {
  accepts: "addresses and networks, separated by commas or spaces",
  read(text) {
    const items = text.split(/[\s,]+/).filter((item) => item !== "");
    if (items.length === 0) return refused(text, networks.accepts);
    const good = items.filter(isNetwork);
    const bad = items.filter((item) => !isNetwork(item));
    return { value: good.length === 0 ? undefined : [...new Set(good)], faults: faultsOf(bad) };
  },
};

/** No client has the unspecified address: a list of nothing else admits nobody. */
const nobody: readonly string[] = Object.freeze(["0.0.0.0"]);

/** Reads networks that alone may pass: when all of them are misspelt nobody does, rather than everybody. */
export const onlyNetworks: ValueReader<readonly string[]> = {
  accepts: networks.accepts,
  read(text) {
    const reading = networks.read(text);
    const isMeant = /[^\s,]/.test(text);
    if (reading.value !== undefined || !isMeant) return reading;
    return { value: nobody, faults: [...reading.faults, "no network is left: nobody is let in"] };
  },
};

interface NumberGrammar {
  readonly accepts: string;
  readonly parse: (text: string) => number | undefined;
  readonly format: (value: number) => string;
}

function clamped({ least, most }: Bounds, grammar: NumberGrammar): ValueReader<number> {
  const { accepts, parse, format } = grammar;
  return {
    accepts,
    read(text) {
      const given = parse(text.trim());
      if (given === undefined) return refused(text, accepts);
      const value = Math.min(most, Math.max(least, given));
      if (value === given) return { value, faults: [] };
      return { value, faults: [`${quoted(text)} is not ${accepts}: taken as ${format(value)}`] };
    },
  };
}

function parseWholeNumber(text: string): number | undefined {
  return /^-?\d+$/.test(text) ? Number(text) : undefined;
}

/** A text that says nothing, with the fault that tells so. */
export function refused(text: string, accepts: string): Reading<never> {
  return { value: undefined, faults: [`${quoted(text)} is not ${accepts}: ignored`] };
}

const mostShown = 3;

function faultsOf(bad: readonly string[]): readonly string[] {
  if (bad.length === 0) return [];
  const shown = bad.slice(0, mostShown).map(quoted).join(", ");
  const rest = bad.length > mostShown ? ` and ${bad.length - mostShown} more` : "";
  return [`${shown}${rest} is no address or network: left out`];
}

/** Foreign text for a sentence. */
export function quoted(text: string): string {
  return `"${printable(text, 40)}"`;
}

function listOf(words: readonly string[]): string {
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
