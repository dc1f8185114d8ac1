import { StringDecoder } from "node:string_decoder";
import type { LiveEvent } from "./picture.ts";

const longestEvent = 64 * 1024 * 1024;

/** Reads the events of a stream from its bytes, however they are cut. [html: server-sent events §9.2.6] */
export class EventReader {
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";

  /** The events that these bytes complete; throws for what can be no stream of ours. */
  read(chunk: Buffer): LiveEvent[] {
    const blocks = (this.#rest + this.#decoder.write(chunk)).split("\n\n");
    this.#rest = blocks.pop() ?? "";
    if (this.#rest.length > longestEvent) throw new Error("an event without an end");
    return blocks.map((block) => readBlock(block)).filter((event) => event !== undefined);
  }
}

function readBlock(block: string): LiveEvent | undefined {
  let type = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [, name, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name === "event") type = value;
    else if (name === "data") data.push(value);
  }
  if (data.length === 0) return undefined;
  try {
    return { type, data: JSON.parse(data.join("\n")) };
  } catch {
    throw new Error("the answer is no JSON: another program listens there");
  }
}
