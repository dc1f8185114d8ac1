import { request } from "node:http";
import { formatAddress, type Address } from "../model/address.ts";
import { printable } from "../model/problem.ts";

/** What a running portolan answered. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

const longestAnswer = 256 * 1024 * 1024;
const timeoutMs = 10_000;

/** Asks the status port that listens at `endpoint`; rejects with a sentence that says what to do about it. */
export function ask(endpoint: Address, path: string): Promise<Answer> {
  const { host, port } = reachable(endpoint);
  const where = formatAddress({ host, port });
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(new Error(explain(where, error), { cause: error }));
    const asking = request({ host, port, path, timeout: timeoutMs, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on("error", fail);
      response.on("data", (chunk: Buffer) => {
        length += chunk.length;
        if (length > longestAnswer) asking.destroy(new Error("the answer has no end"));
        else chunks.push(chunk);
      });
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") });
      });
    });
    asking.on("timeout", () => {
      asking.destroy(new Error("no answer within 10 s"));
    });
    asking.on("error", fail);
    asking.end();
  });
}

/** A port that is open on every address of a host is asked on the nearest one. */
export function reachable({ host, port }: Address): Address {
  if (host === "0.0.0.0") return { host: "127.0.0.1", port };
  return host === "::" ? { host: "::1", port } : { host, port };
}

/** A failure to ask, as a sentence that says what to do about it. */
export function explain(where: string, error: Error): string {
  const code: unknown = "code" in error ? error.code : undefined;
  const why = code === "ECONNREFUSED" ? "nobody listens there" : printable(error.message, 200);
  return `no portolan answers at ${where}: ${why}; --status-endpoint says where to ask`;
}
