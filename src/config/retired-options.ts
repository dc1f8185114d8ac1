/** A flag of proxymatic or mmsd that has nothing left to control. */
export interface RetiredOption {
  readonly flag: string;
  readonly alias?: string;
  readonly env: string;
  /** True for a flag without a value. */
  readonly isSwitch: boolean;
}

/** Accepted so that existing command lines keep working, ignored, and reported in one warning. */
export const retiredOptions: readonly RetiredOption[] = [
  { flag: "marathon-callback", alias: "c", env: "MARATHON_CALLBACK_URL", isSwitch: false },
  ...["haproxy", "haproxy-enable-reuse-socket"].map((flag) => retired(flag, true)),
  ...[
    "pen-servers",
    "pen-clients",
    "haproxy-bin",
    "haproxy-bind",
    "haproxy-pidfile",
    "haproxy-cfgtail",
    "haproxy-port",
    "haproxy-reload-interval",
    "haproxy-syslog-facility",
    "haproxy-before-cmd",
    "haproxy-after-cmd",
    "managed-ip",
    "reconnect-delay",
  ].map((flag) => retired(flag, false)),
];

function retired(flag: string, isSwitch: boolean): RetiredOption {
  return { flag, env: flag.toUpperCase().replaceAll("-", "_"), isSwitch };
}
