import type { LoadRow } from "./load-row.ts";
import { besideRows } from "./rows/beside.ts";
import { bodyRows } from "./rows/bodies.ts";
import { cableRows } from "./rows/cable.ts";
import { floodRows } from "./rows/flood.ts";
import { idleRows } from "./rows/idle.ts";
import { largeRows } from "./rows/large.ts";
import { nameRows } from "./rows/names.ts";
import { scarcityRows } from "./rows/scarcity.ts";
import { stalledRows } from "./rows/stalled.ts";

/** Every row that is for `npm run soak`, by its id. */
export const loadRows: readonly LoadRow[] = [
  ...besideRows,
  ...bodyRows,
  ...cableRows,
  ...floodRows,
  ...idleRows,
  ...largeRows,
  ...nameRows,
  ...scarcityRows,
  ...stalledRows,
];
