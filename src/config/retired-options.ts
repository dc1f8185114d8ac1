/** A flag of proxymatic that has nothing left to control. */
export interface RetiredOption {
  readonly flag: string;
  readonly alias?: string;
  readonly env: string;
  /** True for a flag without a value. */
  readonly isSwitch: boolean;
}

/** Accepted so that existing command lines keep working, ignored, and reported in one warning. */
export const retiredOptions: readonly RetiredOption[] = [
  { flag: "pen-servers", env: "PEN_SERVERS", isSwitch: false },
  { flag: "pen-clients", env: "PEN_CLIENTS", isSwitch: false },
  { flag: "haproxy", env: "HAPROXY", isSwitch: true },
  { flag: "marathon-callback", alias: "c", env: "MARATHON_CALLBACK_URL", isSwitch: false },
];
