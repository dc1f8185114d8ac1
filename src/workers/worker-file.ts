/** The worker's file beside this one: TypeScript in a checkout, JavaScript once built. */
export function workerFile(): URL {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return new URL(`./worker-thread.${extension}`, import.meta.url);
}
