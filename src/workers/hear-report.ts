import type { EngineReport, ReplicaReport } from "../engine/route.ts";
import type { Logger } from "../model/logger.ts";
import type { Bindings } from "./bindings.ts";
import type { Ejections } from "./ejections.ts";

/** Where it is written down what workers report, and who wants to know at once. */
interface ReportEars {
  readonly bindings: Bindings;
  readonly ejections: Ejections;
  readonly logger: Logger;
  readonly troubled: () => void;
  readonly suspected: (key: string, replica: string) => void;
}

/** Takes in what a worker's engine says of its listeners and of replicas. */
export function hearReport(worker: number, report: EngineReport, to: ReportEars): void {
  const { bindings, logger, troubled } = to;
  switch (report.kind) {
    case "listening":
    case "bind-failed":
    case "closed":
      if (bindings.note(worker, report)) troubled();
      break;
    case "ejected":
    case "readmitted":
      logger.info(`replica ${report.kind}`, { worker, ...report });
      hearOfReplica(worker, report, to);
      break;
    case "suspect":
    case "well":
      hearOfReplica(worker, report, to);
      break;
    case "fail-open":
      logger.warn("every replica is ejected or tried: the least bad is used", { ...report });
      break;
  }
}

function hearOfReplica(worker: number, report: ReplicaReport, to: ReportEars): void {
  to.ejections.note(worker, report);
  const isTrouble = report.kind === "ejected" || report.kind === "suspect";
  if (isTrouble) to.suspected(report.key, report.replica);
}
