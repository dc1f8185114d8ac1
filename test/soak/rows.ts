import type { LoadRow } from "./load-row.ts";
import { answerRows } from "./rows/answers.ts";
import { besideRows } from "./rows/beside.ts";
import { bodyRows } from "./rows/bodies.ts";
import { cableRows } from "./rows/cable.ts";
import { cardinalityRows } from "./rows/cardinality.ts";
import { changeRows } from "./rows/changes.ts";
import { churnRows } from "./rows/churn.ts";
import { eventRows } from "./rows/events.ts";
import { floodRows } from "./rows/flood.ts";
import { headerRows } from "./rows/headers.ts";
import { idleRows } from "./rows/idle.ts";
import { largeRows } from "./rows/large.ts";
import { leaderRows } from "./rows/leaders.ts";
import { lineRows } from "./rows/line.ts";
import { manyRows } from "./rows/many.ts";
import { nameRows } from "./rows/names.ts";
import { patientRows } from "./rows/patient.ts";
import { pieceRows } from "./rows/pieces.ts";
import { probeRows } from "./rows/probes.ts";
import { restartRows } from "./rows/restarts.ts";
import { scarcityRows } from "./rows/scarcity.ts";
import { stalledRows } from "./rows/stalled.ts";
import { standingRows } from "./rows/standing.ts";
import { strangerRows } from "./rows/strangers.ts";
import { swapRows } from "./rows/swaps.ts";

/** Every row that is for `npm run soak`, by its id. */
export const loadRows: readonly LoadRow[] = [
  ...answerRows,
  ...besideRows,
  ...bodyRows,
  ...cableRows,
  ...cardinalityRows,
  ...changeRows,
  ...churnRows,
  ...eventRows,
  ...floodRows,
  ...headerRows,
  ...idleRows,
  ...largeRows,
  ...leaderRows,
  ...lineRows,
  ...manyRows,
  ...nameRows,
  ...patientRows,
  ...pieceRows,
  ...probeRows,
  ...restartRows,
  ...scarcityRows,
  ...stalledRows,
  ...standingRows,
  ...strangerRows,
  ...swapRows,
];
