import { toServices } from "../../../src/discovery/marathon/to-services.ts";
import { parseApps } from "../../../src/discovery/marathon/wire.ts";
import { marathonOptions, renderLargeList } from "./large-list.ts";
import { type MicroCase, Sink } from "./micro-case.ts";

/** The way of one answer with 10,000 tasks from bytes to services, whole and in its steps. */
export function makeDocumentCases(): MicroCase[] {
  const sink = new Sink();
  const body = renderLargeList({ padBytesPerTask: 3000 });
  const text = body.toString();
  const document: unknown = JSON.parse(text);
  const apps = parseApps(document)?.apps ?? [];
  const size = `${Math.round(body.length / 1e6)} MB`;
  const step = (name: string, run: () => unknown): MicroCase => {
    return { name: `${size}: ${name}`, operations: 1, run: () => sink.take(run()) };
  };
  return [
    step("bytes to text", () => new TextDecoder().decode(body)),
    step("text to JSON", () => JSON.parse(text)),
    step("JSON to apps", () => parseApps(document)),
    step("apps to services", () => toServices(apps, marathonOptions)),
    step("bytes to services", () => {
      const parsed = parseApps(JSON.parse(new TextDecoder().decode(body)));
      return toServices(parsed?.apps ?? [], marathonOptions);
    }),
  ];
}
