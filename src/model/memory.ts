/** Memory that a process may have, and what of it is in use and cannot be taken back; in bytes. */
export interface MemoryUse {
  readonly limit: number;
  readonly used: number;
}

/** The same for metrics. */
export interface MemoryFigures extends MemoryUse {
  /** Newcomers are refused, and connections that stand still are ended. */
  readonly isShedding: boolean;
}
