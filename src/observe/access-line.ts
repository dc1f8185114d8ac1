import { unreadRequest, type AccessRecord, type AccessRequest } from "../model/access.ts";
import { boundLine } from "./log-line.ts";
import { terminationOf } from "./termination.ts";

/** What a record does not know of itself. */
export interface AccessContext {
  /** When it began, in ms since the epoch. */
  readonly startedAt: number;
  /** `webapp.demo:1234`; `<NOSRV>` has none. */
  readonly service: string | undefined;
}

/** Our own, or HAProxy's. */
export type AccessFormat = "json" | "httplog" | "tcplog";

/** One line, without its end. In `httplog`, connections that are no requests have `tcplog` lines, as HAProxy does it. */
export function formatAccess(
  record: AccessRecord,
  context: AccessContext,
  format: AccessFormat,
): string {
  if (format === "json") return jsonLine(record, context);
  const { request } = record;
  return format === "httplog" && request !== undefined
    ? httpLine(record, request, context)
    : tcpLine(record, context);
}

function jsonLine(record: AccessRecord, { startedAt, service }: AccessContext): string {
  const { client, request } = record;
  const line = JSON.stringify({
    time: new Date(startedAt).toISOString(),
    type: request === undefined ? "connection" : "request",
    client: client.host,
    clientPort: client.port,
    frontend: record.frontend,
    service: service ?? null,
    replica: record.replica ?? null,
    ...(request === undefined ? {} : requestFields(request)),
    outcome: record.outcome,
    connectMs: record.connectMs,
    ...(request === undefined ? {} : { responseMs: record.responseMs }),
    totalMs: record.totalMs,
    receivedBytes: record.received,
    sentBytes: record.sent,
    retries: record.retries,
    ...(request?.truncated === undefined ? {} : { truncated: request.truncated }),
  });
  // What a client writes may have control characters that JSON leaves as they are, and become long where they are escaped.
  return boundLine(line).trimEnd();
}

function requestFields({ method, host, target, version, status }: AccessRequest): object {
  return { method, host, target, version, status };
}

/** [haproxy configuration.txt §8.2.3] The parts we cannot tell apart are told as 0, what was never reached as -1. */
function httpLine(record: AccessRecord, request: AccessRequest, context: AccessContext): string {
  const { connectMs, responseMs, totalMs, sent } = record;
  const waitMs = record.replica === undefined ? -1 : 0;
  const isUnread = request.method === unreadRequest;
  // It has its word for clients that left within a request, too.
  const status = request.status === 0 ? (isUnread ? 400 : -1) : request.status;
  const words = [
    ...origin(record, context),
    `${isUnread ? -1 : 0}/${waitMs}/${connectMs}/${responseMs}/${totalMs}`,
    status,
    sent,
    "- -",
    `${terminationOf(record)}--`,
    loads(record),
    "0/0",
    `"${escaped(requestLine(request))}"`,
  ];
  return words.join(" ");
}

/** [haproxy configuration.txt §8.2.2] */
function tcpLine(record: AccessRecord, context: AccessContext): string {
  const { connectMs, totalMs, sent } = record;
  const waitMs = record.replica === undefined ? -1 : 0;
  const times = `${waitMs}/${connectMs}/${totalMs}`;
  return [
    ...origin(record, context),
    times,
    sent,
    terminationOf(record),
    loads(record),
    "0/0",
  ].join(" ");
}

function origin(record: AccessRecord, { startedAt, service }: AccessContext): string[] {
  const { client, frontend, replica } = record;
  const backend = service ?? frontend;
  return [
    `${client.host}:${client.port}`,
    `[${clockTime(new Date(startedAt))}]`,
    escaped(frontend),
    `${escaped(backend)}/${replica ?? "<NOSRV>"}`,
  ];
}

function loads({ load, retries }: AccessRecord): string {
  return `${load.process}/${load.service}/${load.service}/${load.replica}/${retries}`;
}

function requestLine({ method, target, version }: AccessRequest): string {
  return [method, target, version].filter((word) => word !== "").join(" ");
}

// What would end the line or the quotes, forge a part of it, or is not ASCII.
// oxlint-disable-next-line no-control-regex -- these are the characters looked for
const unsafe = /[\u0000-\u001F"#\u007F-\uFFFF]/g;

/** [haproxy configuration.txt §8.6] Each unsafe byte as `#` and two digits; what is on the wire is read as Latin-1. */
function escaped(text: string): string {
  return text.replaceAll(unsafe, (character) => {
    const hex = Buffer.from(character, "latin1").toString("hex").toUpperCase();
    return `#${hex}`;
  });
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `06/Feb/2009:12:14:14.655`, in the time of this host, as HAProxy writes it. */
function clockTime(time: Date): string {
  const day = `${two(time.getDate())}/${months[time.getMonth()]}/${time.getFullYear()}`;
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  return `${day}:${clock}.${String(time.getMilliseconds()).padStart(3, "0")}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
