import type { DialectRules } from "./dialect.ts";

/** A complete answer, before it is put on the wire. */
export interface Answer {
  readonly status: number;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** A JSON answer; bytes are sent as they are. */
export function json(rules: DialectRules, status: number, body: unknown): Answer {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  return { status, body: bytes, headers: { "Content-Type": rules.jsonContentType } };
}

/** `{"message": …}`, as the API reports its errors. */
export function failure(rules: DialectRules, status: number, message: string): Answer {
  return json(rules, status, { message });
}

export function text(status: number, body: string): Answer {
  return { status, body: Buffer.from(body), headers: { "Content-Type": "text/plain" } };
}

export function empty(status: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, body: Buffer.alloc(0), headers };
}

/** The HTML page with which the servlet container reports what the API never saw. [marathon: error bodies] */
export function errorPage(status: number, path: string, reason: string): Answer {
  const escaped = path.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const page = `<html>
<head>
<meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>
<title>Error ${status} ${reason}</title>
</head>
<body><h2>HTTP ERROR ${status}</h2>
<p>Problem accessing ${escaped}. Reason:
<pre>    ${reason}</pre></p>
</body>
</html>
`;
  const headers = { "Content-Type": "text/html;charset=utf-8" };
  return { status, body: Buffer.from(page), headers };
}
