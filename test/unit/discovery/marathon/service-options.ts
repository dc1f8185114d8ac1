import type { AppServicesOptions } from "../../../../src/discovery/marathon/to-services.ts";

/** Every port of every app, each task with the current definition. */
export const everything: AppServicesOptions = {
  source: "marathon",
  groups: ["*"],
  exposeHost: true,
  definitionOf: () => undefined,
};
