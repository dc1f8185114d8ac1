import {
  chunks,
  fields,
  framing,
  hosts,
  targets,
  upgrades,
  type RawCase,
} from "../fixtures/http/requests.ts";

/** What goes on; without the one request that names no host, which each proxy gives another one. */
export const goingOn: readonly RawCase[] = [framing, fields, hosts, targets, upgrades, chunks]
  .flat()
  .filter(({ reaches, bytes }) => reaches.length > 0 && /host:/i.test(bytes));

/** What a replica understands of one request: fields that proxies add or drop aside. */
export interface Understood {
  readonly line: string;
  readonly host: string | undefined;
  readonly body: string;
}

/** What a replica understands of a request as it got it. */
export function toUnderstood(request: string): Understood {
  const end = request.indexOf("\r\n\r\n");
  const head = request.slice(0, end);
  const body = request.slice(end + 4);
  const isChunked = /\r\ntransfer-encoding: *chunked/i.test(head);
  return {
    line: head.slice(0, head.lastIndexOf(" ", head.indexOf("\r\n"))),
    host: /\r\nhost: *([^\r]*)/i.exec(head)?.[1],
    body: isChunked ? unchunked(body) : body,
  };
}

function unchunked(body: string): string {
  const size = Number.parseInt(body, 16);
  if (size === 0) return "";
  const begin = body.indexOf("\r\n") + 2;
  return body.slice(begin, begin + size) + unchunked(body.slice(begin + size + 2));
}
