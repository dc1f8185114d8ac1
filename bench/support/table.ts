import type { Figure } from "./stats.ts";

/** A table of finished cells; the first column names the row. */
export interface Table {
  /** Empty: none is shown. */
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Markdown, with columns aligned so that it reads as plain text too. */
export function formatTable({ title, columns, rows }: Table): string {
  const widths = columns.map((name, column) =>
    Math.max(name.length, 3, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => pad(cells[column] ?? "", width, column)).join(" | ")} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  const heading = title === "" ? [] : [`### ${title}`, ""];
  return [...heading, line(columns), line(rule), ...rows.map((row) => line(row))].join("\n");
}

/** Three significant digits, thousands in groups; a dash for what was not measured. */
export function formatNumber(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString("en", {
    minimumFractionDigits: Math.min(digits, 3),
    maximumFractionDigits: Math.min(digits, 3),
  });
}

/** `12.1 (11.8–12.9)`: the median and the spread; only the median when there was one measurement. */
export function formatFigure(figure: Figure | undefined): string {
  if (figure === undefined) return "–";
  const { median, min, max } = figure;
  if (min === max) return formatNumber(median);
  return `${formatNumber(median)} (${formatNumber(min)}–${formatNumber(max)})`;
}

export function megabytes(bytes: number): number {
  return bytes / 1024 / 1024;
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}
