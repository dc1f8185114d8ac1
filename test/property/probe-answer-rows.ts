import type { Script } from "../../src/health/probes/conversation.ts";
import { sendExpectScript } from "../../src/health/probes/expect.ts";
import { httpScript } from "../../src/health/probes/http-answer.ts";
import { redisScript } from "../../src/health/probes/redis.ts";
import { smtpScript } from "../../src/health/probes/smtp.ts";
import { defaultCheckPolicy } from "../../src/model/check.ts";

const anyReplication = "# Replication\r\nrole:master\r\nconnected_slaves:0\r\n";

function bulk(text: string): string {
  return `$${Buffer.byteLength(text, "latin1")}\r\n${text}\r\n`;
}

const http = httpScript(Buffer.from("GET"), { least: 200, most: 399 });
/** Asks for PONG, without credentials. */
export const redis: Script = redisScript({ credentials: undefined, role: undefined });
const master = redisScript({ credentials: undefined, role: "master" });
const slave = redisScript({ credentials: undefined, role: "slave" });
/** Has credentials. */
export const locked: Script = redisScript({
  credentials: { username: "me", password: "p\r\nw" },
  role: undefined,
});
const expecting = sendExpectScript({ ...defaultCheckPolicy, send: "?", expect: "aab" });
const parted = sendExpectScript({ ...defaultCheckPolicy, send: "?", expect: "+ok*done" });
const starred = sendExpectScript({ ...defaultCheckPolicy, send: "?", expect: "a\\*b" });
const listening = sendExpectScript({ ...defaultCheckPolicy, send: "", expect: "" });

/** What a replica answers, however it is cut, and what it comes to after 3 ms. */
export interface Row {
  readonly name: string;
  readonly script: Script;
  readonly answer: string;
  /** The reason; undefined when more has to come. */
  readonly want: string | undefined;
  /** The replica ends after the answer. */
  readonly ends?: boolean;
}

const long = "x".repeat(70_000);

export const rows: readonly Row[] = [
  {
    name: "http: a whole answer",
    script: http,
    answer: "HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody",
    want: "L7OK/200 in 3 ms",
  },
  {
    name: "http: bare LF, no phrase",
    script: http,
    answer: "HTTP/1.0 204\n\n",
    want: "L7OK/204 in 3 ms",
  },
  {
    name: "http: interim answers are skipped",
    script: http,
    answer:
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 503 No\r\n\r\n",
    want: "L7STS/503 in 3 ms",
  },
  {
    name: "http: only interim answers",
    script: http,
    answer: "HTTP/1.1 100 Continue\r\n\r\n",
    want: undefined,
  },
  {
    name: "http: a switch is final",
    script: http,
    answer: "HTTP/1.1 101 Switching\r\n\r\n",
    want: "L7STS/101 in 3 ms",
  },
  {
    name: "http: the head must be whole",
    script: http,
    answer: "HTTP/1.1 200 OK\r\nA: b\r\n",
    want: undefined,
  },
  {
    name: "http: closed within the head",
    script: http,
    answer: "HTTP/1.1 200 OK\r\n",
    ends: true,
    want: "L7RSP: closed after 17 bytes",
  },
  {
    name: "http: another protocol",
    script: http,
    answer: "SSH-2.0-OpenSSH",
    want: "L7RSP: not HTTP: SSH-2.0",
  },
  {
    name: "http: a status of two digits",
    script: http,
    answer: "HTTP/1.1 20 OK\r\n\r\n",
    want: "L7RSP: status line: HTTP/1.1 20 OK",
  },
  {
    name: "http: a status of four digits",
    script: http,
    answer: "HTTP/1.1 2000 OK\r\n\r\n",
    want: "L7RSP: status line: HTTP/1.1 2000 OK",
  },
  {
    name: "http: a header without a name",
    script: http,
    answer: "HTTP/1.1 200 OK\r\n: b\r\n\r\n",
    want: "L7RSP: header line: : b",
  },
  {
    name: "http: a header without a colon",
    script: http,
    answer: "HTTP/1.1 200 OK\r\n\u001B[2J\r\n\r\n",
    want: "L7RSP: header line: \uFFFD[2J",
  },
  {
    name: "http: a folded header",
    script: http,
    answer: "HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n",
    want: "L7OK/200 in 3 ms",
  },
  {
    name: "http: a head without end",
    script: http,
    answer: `HTTP/1.1 200 OK\r\na: ${long}`,
    want: "L7RSP: longer than 64 KiB",
  },
  {
    name: "http: a head that ends too late",
    script: http,
    answer: `HTTP/1.1 200 OK\r\na: ${long}\r\n\r\n`,
    want: "L7RSP: longer than 64 KiB",
  },
  {
    name: "http: a body without end",
    script: http,
    answer: `HTTP/1.1 200 OK\r\n\r\n${long}`,
    want: "L7OK/200 in 3 ms",
  },
  { name: "redis: PONG", script: redis, answer: "+PONG\r\n", want: "L7OK/PONG in 3 ms" },
  { name: "redis: not yet PONG", script: redis, answer: "+PONG", want: undefined },
  {
    name: "redis: needs a password",
    script: redis,
    answer: "-NOAUTH Authentication required.\r\n",
    want: "L7RSP: -NOAUTH Authentication required.",
  },
  {
    name: "redis: loading",
    script: redis,
    answer: "-LOADING Redis is loading the dataset in memory\r\n",
    want: "L7RSP: -LOADING Redis is loading the dataset in memory",
  },
  {
    name: "redis: busy",
    script: redis,
    answer: "-BUSY Redis is busy\r\n",
    want: "L7RSP: -BUSY Redis is busy",
  },
  { name: "redis: another word", script: redis, answer: "+PONGO\r\n", want: "L7RSP: +PONGO" },
  {
    name: "redis: a long error is cut",
    script: redis,
    answer: `-ERR ${"x".repeat(200)}\r\n`,
    want: `L7RSP: -ERR ${"x".repeat(75)}…`,
  },
  { name: "redis: let in", script: locked, answer: "+OK\r\n+PONG\r\n", want: "L7OK/PONG in 3 ms" },
  {
    name: "redis: no password is set there",
    script: locked,
    answer: "-ERR no password is set\r\n+PONG\r\n",
    want: "L7OK/PONG in 3 ms",
  },
  {
    name: "redis: the wrong password",
    script: locked,
    answer: "-WRONGPASS invalid\r\n-NOAUTH required\r\n",
    want: "L7RSP: -WRONGPASS invalid",
  },
  {
    name: "redis-master: a master",
    script: master,
    answer: `+PONG\r\n${bulk(anyReplication)}`,
    want: "role:master in 3 ms",
  },
  {
    name: "redis-master: loading",
    script: master,
    answer: "-LOADING\r\n",
    want: "L7RSP: -LOADING",
  },
  {
    name: "redis-slave: a master",
    script: slave,
    answer: `+PONG\r\n${bulk(anyReplication)}`,
    want: "role:master in 3 ms",
  },
  {
    name: "redis-master: only within a value",
    script: master,
    answer: `+PONG\r\n${bulk("slave0:ip=role:master\r\nx role:master\r\n role:master\r\n")}`,
    want: "L7RSP: no role in INFO",
  },
  {
    name: "redis-master: only as a beginning",
    script: master,
    answer: `+PONG\r\n${bulk("role:masterful\r\n")}`,
    want: "role:masterful in 3 ms",
  },
  {
    name: "redis-master: the first role counts",
    script: master,
    answer: `+PONG\r\n${bulk("role:slave\r\nrole:master\r\n")}`,
    want: "role:slave in 3 ms",
  },
  {
    name: "redis-master: INFO is not allowed",
    script: master,
    answer: "+PONG\r\n-NOPERM no\r\n",
    want: "L7RSP: -NOPERM no",
  },
  { name: "redis-master: no bulk", script: master, answer: "+PONG\r\n$-1\r\n", want: "L7RSP: $-1" },
  {
    name: "redis-master: an INFO of 10 MB",
    script: master,
    answer: "+PONG\r\n$10485760\r\n",
    want: "L7RSP: an INFO of 10485760 bytes",
  },
  {
    name: "redis-master: an INFO just over the limit",
    script: master,
    answer: `+PONG\r\n$65530\r\n${long}`,
    want: "L7RSP: longer than 64 KiB",
  },
  {
    name: "smtp: short replies",
    script: smtpScript,
    answer: "220\r\n250\r\n221\r\n",
    want: "L7OK/250 in 3 ms",
  },
  {
    name: "smtp: replies of several lines",
    script: smtpScript,
    answer: "220-a\r\n220-b\r\n220 c\r\n250-SIZE\r\n250 X\r\n221 bye\r\n",
    want: "L7OK/250 in 3 ms",
  },
  {
    name: "smtp: closed instead of a last word",
    script: smtpScript,
    answer: "220 a\r\n250 b\r\n",
    ends: true,
    want: "L7OK/250 in 3 ms",
  },
  {
    name: "smtp: waits for the last word",
    script: smtpScript,
    answer: "220 a\r\n250 b\r\n",
    want: undefined,
  },
  { name: "smtp: turned away", script: smtpScript, answer: "554 no\r\n", want: "L7STS: 554 no" },
  {
    name: "smtp: EHLO is refused",
    script: smtpScript,
    answer: "220 a\r\n502 what\r\n",
    want: "L7STS: 502 what",
  },
  {
    name: "smtp: codes that differ",
    script: smtpScript,
    answer: "220-a\r\n250 b\r\n",
    want: "L7STS: 250 b",
  },
  { name: "smtp: no reply at all", script: smtpScript, answer: "hello\r\n", want: "L7RSP: hello" },
  {
    name: "smtp: a code with something on it",
    script: smtpScript,
    answer: "2200 a\r\n",
    want: "L7RSP: 2200 a",
  },
  { name: "send-expect: in the middle", script: expecting, answer: "xaaab", want: "L7OK in 3 ms" },
  { name: "send-expect: not yet", script: expecting, answer: "xaaxb", want: undefined },
  {
    name: "send-expect: closed without it",
    script: expecting,
    answer: "xaa",
    ends: true,
    want: "L7RSP: closed after 3 bytes",
  },
  {
    name: "send-expect: never",
    script: expecting,
    answer: long,
    want: "L7RSP: longer than 64 KiB",
  },
  {
    name: "send-expect: too late",
    script: expecting,
    answer: `${long}aab`,
    want: "L7RSP: longer than 64 KiB",
  },
  {
    name: "send-expect: parts in order",
    script: parted,
    answer: "x+ok 7 done",
    want: "L7OK in 3 ms",
  },
  { name: "send-expect: parts meet", script: parted, answer: "+okdone", want: "L7OK in 3 ms" },
  { name: "send-expect: parts overlap", script: parted, answer: "+okone", want: undefined },
  {
    name: "send-expect: parts in the wrong order",
    script: parted,
    answer: "done+ok",
    want: undefined,
  },
  { name: "send-expect: a star of its own", script: starred, answer: "a*b", want: "L7OK in 3 ms" },
  { name: "send-expect: no star", script: starred, answer: "a-b", want: undefined },
  { name: "send-expect: anything", script: listening, answer: "\0", want: "L7OK in 3 ms" },
  {
    name: "send-expect: nothing",
    script: listening,
    answer: "",
    ends: true,
    want: "L7RSP: closed after 0 bytes",
  },
];

/** Every script above. */
export const scripts: readonly Script[] = [...new Set(rows.map(({ script }) => script))];
