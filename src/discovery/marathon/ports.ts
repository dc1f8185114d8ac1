import type { Protocol } from "../../model/service.ts";
import type { Labelled } from "../labels/labels.ts";
import type { AppDefinition, WirePort } from "./definition.ts";

/** Where the replicas of a declared port listen, in terms of a task's own fields. */
export type Reach =
  /** The agent's address and the task's n-th allocated host port. */
  | { readonly kind: "agent"; readonly index: number; readonly containerPort: number | undefined }
  /** The container's own address and the declared container port. */
  | { readonly kind: "container"; readonly containerPort: number | undefined };

/** One service port that an app declares, with the way to its replicas. */
export interface PortDeclaration extends Labelled {
  /** As declared: it may be 0, out of range or missing. */
  readonly servicePort: number | undefined;
  /** False where only a label can say the service port. */
  readonly canDeclare: boolean;
  readonly protocols: readonly Protocol[];
  readonly name: string | undefined;
  readonly reach: Reach;
}

/** The app's service ports in Marathon's own order: its port mappings if it has any, else its port definitions. */
export function declaredPorts(app: AppDefinition): readonly PortDeclaration[] {
  if (app.portMappings.length === 0) {
    return app.portDefinitions.map((port, index) =>
      declared(port, { kind: "agent", index, containerPort: undefined }),
    );
  }
  if (app.network !== "container") {
    return app.portMappings.map((port, index) =>
      declared(port, { kind: "agent", index, containerPort: undefined }),
    );
  }
  return containerPorts(app.portMappings);
}

/** [marathon: PortAssignment] A task's ports line up with only those mappings that ask for a host port. */
function containerPorts(mappings: readonly WirePort[]): readonly PortDeclaration[] {
  let index = 0;
  return mappings.map((port) => {
    const { containerPort } = port;
    if (!port.hasHostPort) return declared(port, { kind: "container", containerPort });
    const declaration = declared(port, { kind: "agent", index, containerPort });
    index += 1;
    return declaration;
  });
}

function declared(
  { servicePort, canDeclare, protocols, name, labels, labelFaults }: WirePort,
  reach: Reach,
): PortDeclaration {
  return { servicePort, canDeclare, protocols, name, labels, labelFaults, reach };
}
