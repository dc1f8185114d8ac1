import { printable } from "../../model/problem.ts";
import type { Protocol } from "../../model/service.ts";
import { parsePort, parseProtocols } from "../claims.ts";
import type { Fields } from "../fields.ts";
import type { PortReading } from "../labels/reading.ts";
import { readOwnDialect } from "../own-dialect.ts";

/** One service port that a container's labels declare. */
export interface DeclaredPort {
  readonly port: number;
  /** Where the container listens; undefined when no label says. */
  readonly containerPort: number | undefined;
  readonly protocols: readonly Protocol[];
  readonly reading: PortReading;
}

/** What the labels of one container say. */
export interface Declaration {
  /** The service's name in place of the container's. */
  readonly name: string | undefined;
  readonly ports: readonly DeclaredPort[];
  /** What was skipped, printable and bounded. */
  readonly faults: readonly string[];
}

const prefix = "portolan.";
const mostPorts = 100;
const structural = new Set(["port", "container-port", "protocol", "name"]);

type Options = Map<string, string>;

/**
 * Reads `portolan.port`, `portolan.container-port`, `portolan.protocol` and `portolan.<option>`; with several ports
 * `portolan.<N>.port` and so on, where an option without a number holds for all of them.
 */
export function declaredPorts(labels: Fields): Declaration {
  const shared: Options = new Map();
  const numbered = new Map<string, Options>();
  for (const [label, text] of Object.entries(labels)) {
    if (!label.startsWith(prefix) || typeof text !== "string") continue;
    const rest = label.slice(prefix.length);
    const [, index, option] = /^(\d{1,5})\.(.+)$/s.exec(rest) ?? [];
    if (index === undefined || option === undefined) shared.set(rest, text);
    else numbered.set(index, (numbered.get(index) ?? new Map<string, string>()).set(option, text));
  }
  const inherited = [...shared].filter(([option]) => !structural.has(option));
  const several = [...numbered].map(([index, own]) => ({
    shown: `${prefix}${index}.`,
    options: new Map([...inherited, ...own]),
  }));
  const single = shared.has("port") ? [{ shown: prefix, options: shared }] : [];
  const declared = [...single, ...several].slice(0, mostPorts);
  const read = declared.map(({ shown, options }) => readPort(shown, options));
  return {
    name: shared.get("name"),
    ports: read.flatMap(({ port }) => (port === undefined ? [] : [port])),
    faults: read.flatMap(({ faults }) => faults),
  };
}

interface PortResult {
  readonly port: DeclaredPort | undefined;
  readonly faults: readonly string[];
}

function readPort(shown: string, options: ReadonlyMap<string, string>): PortResult {
  const wrong = (option: string, what: string): PortResult => {
    const text = printable(options.get(option) ?? "", 40);
    return { port: undefined, faults: [`label ${shown}${option}: "${text}" is ${what}: skipped`] };
  };
  const port = parsePort(options.get("port") ?? "");
  if (port === undefined) return wrong("port", "no port from 1 to 65535");
  const protocols = parseProtocols(options.get("protocol") ?? "tcp");
  if (protocols === undefined) return wrong("protocol", "none of tcp, udp and both");
  const inside = options.get("container-port");
  const containerPort = parsePort(inside ?? "");
  if (inside !== undefined && containerPort === undefined)
    return wrong("container-port", "no port from 1 to 65535");
  const own = [...options].filter(([option]) => !structural.has(option));
  const { reading, faults } = readOwnDialect(
    new Map(own.map(([option, text]) => [prefix + option, text])),
  );
  return { port: { port, containerPort, protocols, reading }, faults };
}
