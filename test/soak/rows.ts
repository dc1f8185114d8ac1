import type { LoadRow } from "./load-row.ts";
import { floodRows } from "./rows/flood.ts";
import { idleRows } from "./rows/idle.ts";
import { stalledRows } from "./rows/stalled.ts";

/** Every row that is for `npm run soak`, by itself. */
export const loadRows: readonly LoadRow[] = [...stalledRows, ...idleRows, ...floodRows];
