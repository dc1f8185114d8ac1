import type { Deployment, DeploymentAction } from "./cluster-state.ts";
import type { MarathonEvent, Stamp } from "./events.ts";
import type { JsonObject } from "./fields.ts";

/** Where an API call came from. */
export interface Origin {
  readonly clientIp: string;
  readonly uri: string;
}

/** Both group trees around a change, for the dialects whose plans carry them. */
interface PlanTrees {
  readonly original: JsonObject;
  readonly target: JsonObject;
}

/** A deployment with what its events say of it. */
export interface AnnouncedDeployment {
  readonly deployment: Deployment;
  readonly trees: PlanTrees | undefined;
}

export function apiPosted({ at }: Stamp, origin: Origin, appDefinition: JsonObject): MarathonEvent {
  return { ...origin, appDefinition, eventType: "api_post_event", timestamp: at };
}

export function groupChanged({ at }: Stamp, version: string): MarathonEvent {
  return { groupId: "/", version, eventType: "group_change_success", timestamp: at };
}

export function appTerminated({ at }: Stamp, appId: string): MarathonEvent {
  return { appId, eventType: "app_terminated_event", timestamp: at };
}

export function healthCheckAdded(
  { rules, at }: Stamp,
  app: { readonly id: string; readonly version: string },
  healthCheck: JsonObject,
): MarathonEvent {
  const eventType = "add_health_check_event";
  return rules.legacyApps
    ? { appId: app.id, version: app.version, healthCheck, eventType, timestamp: at }
    : { appId: app.id, eventType, healthCheck, timestamp: at, version: app.version };
}

export function healthCheckRemoved({ at }: Stamp, appId: string): MarathonEvent {
  return { appId, eventType: "remove_health_check_event", timestamp: at };
}

/** The start of one step (`deployment_info`) or its end. */
export function stepAnnounced(
  stamp: Stamp,
  announced: AnnouncedDeployment,
  {
    eventType,
    action,
  }: {
    readonly eventType: "deployment_info" | "deployment_step_success" | "deployment_step_failure";
    readonly action: DeploymentAction;
  },
): MarathonEvent {
  const plan = renderPlan(stamp, announced);
  const currentStep = renderStep(stamp, announced.deployment, action);
  return { plan, currentStep, eventType, timestamp: stamp.at };
}

export function deploymentSucceeded(stamp: Stamp, announced: AnnouncedDeployment): MarathonEvent {
  const plan = renderPlan(stamp, announced);
  const { id } = announced.deployment;
  return { id, plan, eventType: "deployment_success", timestamp: stamp.at };
}

export function deploymentFailed(
  stamp: Stamp,
  announced: AnnouncedDeployment,
  reason: string,
): MarathonEvent {
  const plan = renderPlan(stamp, announced);
  const { id } = announced.deployment;
  const event = { id, plan, eventType: "deployment_failed", timestamp: stamp.at };
  return stamp.rules.arraysAlways ? { ...event, reason } : event;
}

function renderPlan(stamp: Stamp, { deployment, trees }: AnnouncedDeployment): JsonObject {
  const { id, version } = deployment;
  const steps = deployment.steps.map((action) => renderStep(stamp, deployment, action));
  return { id, ...trees, steps, version };
}

function renderStep({ rules }: Stamp, { appId }: Deployment, action: DeploymentAction): JsonObject {
  return { actions: [{ [rules.actionKey]: action, app: appId }] };
}
