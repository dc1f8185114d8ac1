import { AnswerError } from "./answer-error.ts";

/** The JSON documents of a stream, one per line; throws an AnswerError for what is none, or has no end in sight. */
export async function* jsonLines(
  body: AsyncIterable<unknown>,
  limitBytes: number,
): AsyncGenerator<unknown, void, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) continue;
    const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield parse(line);
    if (rest.length > limitBytes)
      throw new AnswerError("too-large", `a line of more than ${limitBytes} bytes`);
  }
  if (rest.trim() !== "") yield parse(rest);
}

function parse(line: string): unknown {
  try {
    const document: unknown = JSON.parse(line);
    return document;
  } catch (error) {
    throw new AnswerError("not-json", "a line cannot be parsed", { cause: error });
  }
}
