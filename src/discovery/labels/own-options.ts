import { checkOptions } from "./check-options.ts";
import { forwardingOptions } from "./forwarding-options.ts";
import { hostOptions } from "./host-options.ts";
import type { OwnOptions } from "./own-option.ts";
import type { PortSettings } from "./reading.ts";

/** Every option of our own labels; the README's table is read from here. */
export const ownOptions: OwnOptions<keyof PortSettings> = {
  ...forwardingOptions,
  ...checkOptions,
  ...hostOptions,
};
