/**
 * Which names, exact or `*.suffix`, there is a certificate for among those for `names`. A suffix counts when anything under
 * it has one.
 */
export function certifiedNames(names: readonly string[]): (name: string) => boolean {
  const certified = new Set(names);
  const above = new Set(names.flatMap((name) => suffixesOf(name)));
  return (name) => {
    if (name.startsWith("*.")) return above.has(name.slice(2));
    const dot = name.indexOf(".");
    return certified.has(name) || (dot !== -1 && certified.has(`*${name.slice(dot)}`));
  };
}

/** What follows each dot of a name. */
function suffixesOf(name: string): string[] {
  const labels = name.split(".");
  return labels.slice(1).map((_, index) => labels.slice(index + 1).join("."));
}
