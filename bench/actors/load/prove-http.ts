import type { Address } from "../../../src/model/address.ts";
import { damaged, encodeFrame } from "../../support/frames.ts";
import { encodeHttpPost, encodeHttpRequest } from "../../support/http-frames.ts";
import { Client } from "./client.ts";

const sizes = [64, 65, 1460, 65_536, 1_048_577];
const withinMs = 10_000;

/** A request, and the length of its answer. */
interface Exchange {
  readonly request: Buffer;
  readonly bytes: number;
}

/**
 * Asks for checked answers of many sizes on one connection, and sends checked bodies of as many; rejects at the first
 * that is wrong or missing.
 */
export function proveHttp(target: Address): Promise<void> {
  const gets = sizes.map((bytes) => ({ request: encodeHttpRequest(bytes), bytes }));
  const posts = sizes.map((bytes) => {
    return { request: encodeHttpPost(bytes, encodeFrame(bytes, bytes)), bytes };
  });
  return exchangeAll(target, [...gets, ...posts]);
}

function exchangeAll(target: Address, exchanges: readonly Exchange[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const left = [...exchanges];
    const finish = (reason?: string): void => {
      clearTimeout(timer);
      client.destroy();
      if (reason === undefined) resolve();
      else reject(new Error(`${target.host}:${target.port} is not correct: ${reason}`));
    };
    const next = (): void => {
      const [exchange] = left;
      if (exchange === undefined) finish();
      else client.send(exchange.request);
    };
    const client = new Client({
      target,
      isHttp: true,
      isVerifying: true,
      answered: ({ bytes, intact, word }) => {
        const wanted = left.shift()?.bytes;
        if (word === damaged) finish(`a body of ${wanted} bytes arrived damaged`);
        else if (!intact || bytes !== wanted)
          finish(`an answer of ${wanted} bytes arrived damaged`);
        else next();
      },
      closed: (error) => finish(error?.message ?? "closed before the last answer"),
    });
    const timer = setTimeout(() => finish(`nothing for ${withinMs} ms`), withinMs);
    next();
  });
}
