import { fieldsOf, textOf } from "../fields.ts";

/** What all checks of a cluster say at one moment, told apart by service and by node. */
export class CheckPrints {
  readonly #ofService: ReadonlyMap<string, string>;
  readonly #ofNode: ReadonlyMap<string, string>;

  /** From the list of `/v1/health/state/any`. */
  constructor(checks: readonly unknown[]) {
    const services = new Map<string, string[]>();
    const nodes = new Map<string, string[]>();
    for (const item of checks) {
      const check = fieldsOf(item);
      const node = textOf(check["Node"]) ?? "";
      const service = textOf(check["ServiceName"]);
      const print = JSON.stringify([node, check["CheckID"], check["Status"]]);
      if (service === undefined) push(nodes, node, print);
      else push(services, service, print);
    }
    this.#ofService = joined(services);
    this.#ofNode = joined(nodes);
  }

  /** Equal as long as nothing changed in the checks of this service and of these nodes. */
  of(service: string, nodes: Iterable<string>): string {
    const own = this.#ofService.get(service) ?? "";
    return [own, ...[...nodes].map((node) => this.#ofNode.get(node) ?? "")].join("\n");
  }
}

function push(lists: Map<string, string[]>, key: string, item: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

function joined(lists: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, string> {
  return new Map([...lists].map(([key, list]) => [key, list.toSorted().join("\n")]));
}
