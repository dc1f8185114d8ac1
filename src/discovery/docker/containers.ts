import { defaultWeight } from "../../model/replica.ts";
import { isAppName, type Claim } from "../claims.ts";
import { fieldsOf, listOf, numberOf, textOf, type Fields } from "../fields.ts";
import type { ProblemList } from "../problem-list.ts";
import { addressOf } from "./container-address.ts";
import { verdictOf } from "./container-verdict.ts";
import { declaredPorts } from "./declared-ports.ts";

/** What containers do not say of themselves. */
export interface Surroundings {
  /** Where ports published on all addresses are reached. */
  readonly hostAddress: string;
  /** The name of the machine they run on. */
  readonly host: string;
  readonly problems: ProblemList;
}

const idLength = 12;

/** The task id of a container: its id as Docker prints it. */
export function taskOf(id: string): string {
  return id.slice(0, idLength);
}

/** The claims of one item of `/containers/json`; none unless it runs and its labels declare a service port. */
export function toClaims(item: unknown, surroundings: Surroundings): readonly Claim[] {
  const container = fieldsOf(item);
  const id = textOf(container["Id"], 255);
  const verdict = verdictOf(container);
  const { name, ports, faults } = declaredPorts(fieldsOf(container["Labels"]));
  if (id === undefined || verdict === undefined || ports.length + faults.length === 0) return [];
  const app = name ?? appOf(container, fieldsOf(container["Labels"])) ?? taskOf(id);
  const report = (reason: string): void =>
    surroundings.problems.add({ kind: "invalid-item", subject: app, reason });
  for (const fault of faults) report(`container ${taskOf(id)}: ${fault}`);
  if (!isAppName(app)) {
    report(`container ${taskOf(id)}: its name is not of visible characters: skipped`);
    return [];
  }
  const { hostAddress, host } = surroundings;
  const said = { app, madeAt: 1000 * (numberOf(container["Created"]) ?? 0) };
  return ports.flatMap((port) =>
    port.protocols.flatMap((protocol) => {
      const address = addressOf(container, port, { protocol, hostAddress });
      if (typeof address === "string") {
        report(`container ${taskOf(id)}: ${address}: skipped`);
        return [];
      }
      const { weight = defaultWeight } = port.reading.settings;
      const replica = { task: taskOf(id), host, address, weight, ...verdict };
      return [{ ...said, port: port.port, protocol, reading: port.reading, replica }];
    }),
  );
}

/** What Compose or Swarm call it, since its containers are copies of one service, else the container's own name. */
function appOf({ Names }: Fields, labels: Fields): string | undefined {
  const project = textOf(labels["com.docker.compose.project"], 100);
  const service = textOf(labels["com.docker.compose.service"], 100);
  if (project !== undefined && service !== undefined) return `/${project}/${service}`;
  const own = textOf(listOf(Names)[0], 255)?.replace(/^\//, "");
  return textOf(labels["com.docker.swarm.service.name"], 255) ?? own;
}
