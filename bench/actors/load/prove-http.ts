import type { Address } from "../../../src/model/address.ts";
import { encodeHttpRequest } from "../../support/http-frames.ts";
import { Client } from "./client.ts";

const sizes = [64, 65, 1460, 65_536, 1_048_577];
const withinMs = 10_000;

/** Asks for checked answers of many sizes on one connection; rejects at the first that is wrong or missing. */
export function proveHttp(target: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    const left = [...sizes];
    const finish = (reason?: string): void => {
      clearTimeout(timer);
      client.destroy();
      if (reason === undefined) resolve();
      else reject(new Error(`${target.host}:${target.port} is not correct: ${reason}`));
    };
    const next = (): void => {
      const [size] = left;
      if (size === undefined) finish();
      else client.send(encodeHttpRequest(size));
    };
    const client = new Client({
      target,
      isHttp: true,
      isVerifying: true,
      answered: ({ bytes, intact }) => {
        const size = left.shift();
        if (!intact || bytes !== size) finish(`an answer of ${size} bytes arrived damaged`);
        else next();
      },
      closed: (error) => finish(error?.message ?? "closed before the last answer"),
    });
    const timer = setTimeout(() => finish(`nothing for ${withinMs} ms`), withinMs);
    next();
  });
}
