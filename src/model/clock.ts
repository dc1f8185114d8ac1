/** Wall-clock time in ms since the epoch, for display and for timestamps from outside. */
export type Clock = () => number;

/** A uniform number in [0, 1). */
export type Random = () => number;
