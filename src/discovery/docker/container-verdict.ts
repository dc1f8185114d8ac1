import type { Health, Replica } from "../../model/replica.ts";
import { fieldsOf, textOf, type Fields } from "../fields.ts";

type Verdict = Pick<Replica, "health" | "reason" | "draining">;

/** What an item of `/containers/json` says of itself; undefined while it does not run. */
export function verdictOf(container: Fields): Verdict | undefined {
  if (container["State"] === "paused") return said("down", "container is paused");
  if (container["State"] !== "running") return undefined;
  const health = healthOf(container);
  if (health === "healthy") return said("up", "its health check passes");
  if (health === "unhealthy") return said("down", "its health check fails");
  if (health === "starting") return said("unknown", "its health check has just begun");
  return said("up", "container is running");
}

function said(health: Health, reason: string): Verdict {
  return { health, reason, draining: false };
}

/** [docker: ContainerSummary] A field since API 1.52, before that the end of a sentence like `Up 2 hours (healthy)`. */
function healthOf({ Health, Status }: Fields): string | undefined {
  const status = textOf(fieldsOf(Health)["Status"]);
  if (status !== undefined) return status;
  return /\((?:health: )?(healthy|unhealthy|starting)\)$/.exec(textOf(Status) ?? "")?.[1];
}
