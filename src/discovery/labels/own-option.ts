import type { PortSettings, SettingName } from "./reading.ts";
import type { ValueReader } from "./values.ts";

/** One option as an app owner writes it. */
interface OwnOption<T> {
  /** What follows `portolan.<N>.`. */
  readonly option: string;
  readonly reader: ValueReader<T>;
  readonly meaning: string;
}

/** The options of some settings. */
export type OwnOptions<Names extends SettingName> = {
  readonly [K in Names]: OwnOption<PortSettings[K]>;
};
