import { collectDefaultMetrics, Registry } from "prom-client";
import { catalogue } from "../../src/observe/catalogue.ts";

const ofTheClient = new Registry();
collectDefaultMetrics({ register: ofTheClient });
const clientNames = new Set(ofTheClient.getMetricsAsArray().map(({ name }) => name));
ofTheClient.clear();

/** Every metric that a PromQL expression reads of us or of the client's defaults; recorded names have a colon and are left out. */
export function metricsRead(expression: string): string[] {
  const names = expression.matchAll(/(?<![\w:])(?:portolan|process|nodejs)_\w+(?![\w:])/g);
  return [...new Set(Array.from(names, ([name]) => name))];
}

/** True when `/metrics` can show a series of this name. */
export function isExported(name: string): boolean {
  if (clientNames.has(name)) return true;
  const type = catalogue[name]?.type;
  if (type !== undefined) return type !== "histogram";
  return catalogue[name.replace(/_(bucket|sum|count)$/, "")]?.type === "histogram";
}
