import type { Dispatcher } from "undici";

/** A header's single value; undefined when it is absent or repeated. */
export function headerOf(
  { headers }: Pick<Dispatcher.ResponseData, "headers">,
  name: string,
): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
}

/** How long a 429 or 503 asks to be left alone, in ms; undefined when it does not say [rfc9110 §10.2.3]. */
export function retryAfterMs(
  response: Pick<Dispatcher.ResponseData, "headers" | "statusCode">,
): number | undefined {
  const text = headerOf(response, "retry-after");
  if (text === undefined || ![429, 503].includes(response.statusCode)) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // Both moments are of the sender's clock, so that ours does not matter.
  const waitMs = Date.parse(text) - Date.parse(headerOf(response, "date") ?? "");
  return waitMs > 0 ? waitMs : undefined;
}

/** True when the body is sent as it is: the only coding we ask for, so any other one is refused undecoded. */
export function isPlain(response: Pick<Dispatcher.ResponseData, "headers">): boolean {
  const coding = response.headers["content-encoding"];
  return coding === undefined || coding === "" || coding === "identity";
}

/** Lets go of a body that nobody will read, and of its connection. */
export function discard({ body }: Dispatcher.ResponseData): void {
  // Its end is of no interest: the connection is given up on purpose.
  body.on("error", () => {});
  body.destroy();
}
