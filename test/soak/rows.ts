import type { LoadRow } from "./load-row.ts";
import { answerRows } from "./rows/answers.ts";
import { besideRows } from "./rows/beside.ts";
import { bodyRows } from "./rows/bodies.ts";
import { cableRows } from "./rows/cable.ts";
import { changeRows } from "./rows/changes.ts";
import { churnRows } from "./rows/churn.ts";
import { eventRows } from "./rows/events.ts";
import { floodRows } from "./rows/flood.ts";
import { idleRows } from "./rows/idle.ts";
import { largeRows } from "./rows/large.ts";
import { leaderRows } from "./rows/leaders.ts";
import { manyRows } from "./rows/many.ts";
import { nameRows } from "./rows/names.ts";
import { patientRows } from "./rows/patient.ts";
import { scarcityRows } from "./rows/scarcity.ts";
import { stalledRows } from "./rows/stalled.ts";
import { swapRows } from "./rows/swaps.ts";

/** Every row that is for `npm run soak`, by its id. */
export const loadRows: readonly LoadRow[] = [
  ...answerRows,
  ...besideRows,
  ...bodyRows,
  ...cableRows,
  ...changeRows,
  ...churnRows,
  ...eventRows,
  ...floodRows,
  ...idleRows,
  ...largeRows,
  ...leaderRows,
  ...manyRows,
  ...nameRows,
  ...patientRows,
  ...scarcityRows,
  ...stalledRows,
  ...swapRows,
];
