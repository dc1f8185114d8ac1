import type { Contender } from "./contender.ts";
import { direct } from "./direct.ts";
import { haproxy } from "./haproxy.ts";
import { nginxStream } from "./nginx-stream.ts";
import { pen } from "./pen.ts";
import { portolan, portolanTwoWorkers } from "./portolan.ts";

/** In the order of the tables. */
export const contenders: readonly Contender[] = [
  direct,
  portolan,
  portolanTwoWorkers,
  haproxy,
  nginxStream,
  pen,
];
