import { limits } from "../goals.ts";
import { formatNumber, type Table } from "../support/table.ts";
import { notMeasured, verdictAfter } from "./figures.ts";
import type { Results } from "./results.ts";

/** What one row shows: a scenario of the comparison, and the limit on its CPU time or on its p99. */
interface Row {
  readonly name: string;
  readonly scenario: string;
  readonly cpuLimit?: number;
  readonly p99Limit?: number;
  /** The HAProxy that is compared with. Default: that of the scenario's ratios. */
  readonly haproxy?: string;
}

const rows: readonly Row[] = [
  {
    name: "small requests, lasting connections",
    scenario: "tcp-keepalive",
    cpuLimit: limits.tcpKeepalive,
  },
  {
    name: "a new connection for each request",
    scenario: "tcp-newconn",
    cpuLimit: limits.tcpNewconn,
  },
  { name: "answers of 64 KiB", scenario: "tcp-64k", cpuLimit: limits.tcp64k },
  { name: "download, per MiB", scenario: "tcp-bulk", cpuLimit: limits.tcpBulk },
  { name: "upload, per MiB", scenario: "tcp-bulk-up", cpuLimit: limits.tcpBulk },
  { name: "small requests at half load", scenario: "tcp-rate", p99Limit: limits.tcpRate },
  {
    name: "GET in HTTP mode, kept connections",
    scenario: "http-keepalive",
    cpuLimit: limits.httpKeepalive,
  },
  {
    name: "GET in HTTP mode, a new connection",
    scenario: "http-newconn",
    cpuLimit: limits.httpNewconn,
  },
  {
    name: "the same, HAProxy with `http-reuse always`",
    scenario: "http-newconn",
    haproxy: "haproxy, http-reuse always",
  },
  { name: "GET in HTTP mode at half load", scenario: "http-rate", p99Limit: limits.httpRate },
];

/** CPU time per unit of everybody, and latency. */
export function costTable(results: Results): Table {
  const shown = rows.filter(({ scenario, haproxy = "haproxy" }) => {
    return results.number(scenario, haproxy, "cpuMicros") !== undefined;
  });
  return {
    title: "",
    columns: [
      "scenario",
      "portolan",
      "HAProxy",
      "nginx",
      "Pen",
      "portolan × HAProxy (goal)",
      "p99 latency, portolan / HAProxy (goal)",
    ],
    rows: shown.map((row) => cellsOf(results, row)),
  };
}

function cellsOf(results: Results, row: Row): string[] {
  const { name, scenario, haproxy = "haproxy" } = row;
  const cpu = (contender: string): number | undefined =>
    results.number(scenario, contender, "cpuMicros");
  const micros = (value: number | undefined): string =>
    value === undefined ? "–" : `${formatNumber(value)} µs`;
  return [
    name,
    micros(cpu("portolan")),
    micros(cpu(haproxy)),
    micros(cpu("nginx-stream") ?? cpu("nginx")),
    micros(cpu("pen")),
    cpuCell(results, row),
    p99Cell(results, row),
  ];
}

function cpuCell(results: Results, { scenario, cpuLimit, haproxy }: Row): string {
  const own = results.number(scenario, "portolan", "cpuMicros") ?? NaN;
  const ratio =
    haproxy === undefined
      ? results.number(scenario, "portolan", "ratio")
      : own / (results.number(scenario, haproxy, "cpuMicros") ?? NaN);
  if (ratio === undefined) return "–";
  if (cpuLimit === undefined) return ratio.toFixed(2);
  const goal = `(${cpuLimit.toFixed(2)})`;
  if (results.isDoubted(scenario, "CPU time by HAProxy's")) return `${notMeasured} ${goal}`;
  return `${ratio.toFixed(2)} ${goal}${verdictAfter(ratio, cpuLimit)}`;
}

function p99Cell(results: Results, { scenario, p99Limit, haproxy = "haproxy" }: Row): string {
  const [own, other] = ["portolan", haproxy].map((name) => results.number(scenario, name, "p99"));
  const both = `${formatNumber(own)} / ${formatNumber(other)} ms`;
  const ratio = results.number(scenario, "portolan", "p99Ratio");
  if (p99Limit === undefined || ratio === undefined) return both;
  const goal = `(${p99Limit.toFixed(1)})`;
  if (results.isDoubted(scenario, "p99 at half load by HAProxy's"))
    return `${both}: ${notMeasured} ${goal}`;
  return `${both}: ${ratio.toFixed(2)} × ${goal}${verdictAfter(ratio, p99Limit)}`;
}
