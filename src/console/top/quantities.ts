const steps = ["", "k", "M", "G", "T"] as const;

/** A count or a rate in at most six characters: `0`, `7.5`, `12.3k`. */
export function quantity(value: number): string {
  let rest = value;
  let step = 0;
  while (rest >= 999.5 && step < steps.length - 1) {
    rest /= 1000;
    step += 1;
  }
  const isWhole = Number.isInteger(rest) || rest >= 99.95;
  return `${isWhole ? Math.round(rest) : rest.toFixed(1)}${steps[step] ?? ""}`;
}

/** Text in exactly this many columns: cut, or filled at its right; a number at its left. */
export function fit(text: string, width: number, isNumber = false): string {
  const characters = Array.from(text);
  if (characters.length > width) return `${characters.slice(0, Math.max(0, width - 1)).join("")}…`;
  const gap = " ".repeat(width - characters.length);
  return isNumber ? `${gap}${text}` : `${text}${gap}`;
}
