/** Labels as a page shows them, without the braces: `service="web:80",protocol="tcp"`; empty for none. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  let text = "";
  for (const name of Object.keys(labels)) {
    const separator = text === "" ? "" : ",";
    text += `${separator}${name}="${escaped(labels[name] ?? "")}"`;
  }
  return text;
}

/** Special characters of a label's value [prometheus: text format]. */
const special = /[\\"\n]/;

function escaped(value: string): string {
  if (!special.test(value)) return value;
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
