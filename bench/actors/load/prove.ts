import type { Address } from "../../../src/model/address.ts";
import { damaged, encodeFrame } from "../../support/frames.ts";
import { Client } from "./client.ts";

const sizes = [64, 65, 1460, 65_536, 1_048_577];
const withinMs = 10_000;

/** Sends checked requests of many sizes, asks for checked answers of many sizes; rejects at the first wrong byte. */
export async function prove(target: Address): Promise<void> {
  for (const requestBytes of sizes) await exchange(target, requestBytes, sizes);
}

/** One connection: a request for each size of answer, then our FIN, which must be answered by the end. */
function exchange(
  target: Address,
  requestBytes: number,
  answerSizes: readonly number[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    const left = [...answerSizes];
    const fail = (reason: string): void => {
      clearTimeout(timer);
      client.destroy();
      reject(new Error(`${target.host}:${target.port} is not correct: ${reason}`));
    };
    const next = (): void => {
      const [size] = left;
      if (size === undefined) client.end();
      else client.send(encodeFrame(requestBytes, size));
    };
    const client = new Client({
      target,
      isVerifying: true,
      answered: ({ bytes, word, intact }) => {
        const size = left.shift();
        if (word === damaged) fail(`a request of ${requestBytes} bytes arrived damaged`);
        else if (!intact || bytes !== size) fail(`an answer of ${size} bytes arrived damaged`);
        else next();
      },
      closed: (error) => {
        if (error !== undefined) fail(error.message);
        else if (left.length > 0) fail("closed before the last answer");
        clearTimeout(timer);
        resolve();
      },
    });
    const timer = setTimeout(() => fail(`nothing for ${withinMs} ms`), withinMs);
    next();
  });
}
