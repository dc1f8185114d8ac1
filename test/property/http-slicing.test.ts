import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ChunkedReader } from "../../src/engine/http/chunked-reader.ts";
import { parseHostName } from "../../src/engine/http/host-name.ts";
import { ResponseReader } from "../../src/engine/http/response-reader.ts";
import { eventually } from "../support/eventually.ts";
import { HttpFixture } from "../support/http-fixture.ts";
import { RecordingReplica } from "../support/http-replica.ts";
import { TcpClient } from "../support/tcp-client.ts";

/** Cuts bytes at these places. */
function slices(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % bytes.length))].toSorted((a, b) => a - b);
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length));
}

/** Everything a reader says of an answer, bodies joined. */
function readingOf(pieces: readonly Buffer[], isFinished: boolean): unknown[] {
  const told: unknown[] = [];
  const body: Buffer[] = [];
  const question = { isHead: false, isUpgrade: false };
  const reader = new ResponseReader(question, {
    interim: ({ status }) => told.push(["interim", status]),
    head: ({ status, reason, fields }) => told.push(["head", status, reason, fields]),
    body: (bytes) => body.push(Buffer.from(bytes)),
    whole: (trailers, isClean) => told.push(["whole", trailers, isClean]),
    switched: () => told.push(["switched"]),
    bad: (flaw) => told.push(["bad", flaw]),
  });
  for (const piece of pieces) reader.feed(piece);
  if (isFinished) reader.finish();
  return [...told, Buffer.concat(body).toString("latin1")];
}

const field = fc.constantFrom(
  "X-A: 1",
  "x-b:2",
  "Set-Cookie: a=b",
  "Connection: x-b",
  "bad field",
  "X: \u0001",
);
const framing = fc.constantFrom(
  ["Content-Length: 5", "hello"],
  ["Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n"],
  ["Transfer-Encoding: chunked", "5;x=y\r\nhello\r\n3\r\nabc\r\n0\r\n\r\n"],
  ["Transfer-Encoding: chunked", "5\r\nhelloo\r\n0\r\n\r\n"],
  ["X-None: 1", "until the end"],
  ["Content-Length: 0", ""],
);
const answer = fc
  .tuple(
    fc.array(field, { maxLength: 3 }),
    framing,
    fc.constantFrom("", "HTTP/1.1 103 Early\r\n\r\n"),
  )
  .map(([fields, [frame = "", body = ""], interim]) => {
    return `${interim}HTTP/1.1 200 OK\r\n${[...fields, frame].join("\r\n")}\r\n\r\n${body}`;
  });

test("an answer is read the same in whatever pieces it comes", () => {
  fc.assert(
    fc.property(answer, fc.array(fc.nat()), fc.boolean(), (text, cuts, isFinished) => {
      const bytes = Buffer.from(text, "latin1");
      assert.deepEqual(readingOf(slices(bytes, cuts), isFinished), readingOf([bytes], isFinished));
    }),
  );
});

test("no bytes make a reader throw, or say anything after its last word", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 200 })),
      fc.constantFrom("", "HTTP/1.1 200 OK\r\n"),
      (pieces, start) => {
        const told = readingOf(
          [Buffer.from(start), ...pieces.map((piece) => Buffer.from(piece))],
          true,
        );
        const last = told.filter(
          (one) => Array.isArray(one) && (one[0] === "bad" || one[0] === "whole"),
        );
        assert.equal(last.length, 1);
      },
    ),
  );
});

test("chunks of any sizes come out as they went in", () => {
  const chunk = fc.uint8Array({ minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(fc.array(chunk), fc.array(fc.nat()), fc.string(), (chunks, cuts, rest) => {
      const framed = chunks.flatMap((one) => [
        Buffer.from(`${one.length.toString(16)}\r\n`),
        Buffer.from(one),
        Buffer.from("\r\n"),
      ]);
      const wire = Buffer.concat([...framed, Buffer.from("0\r\n\r\n")]);
      const out: Buffer[] = [];
      const reader = new ChunkedReader({ data: (bytes) => out.push(Buffer.from(bytes)) });
      const pieces = slices(wire, cuts).filter(({ length }) => length > 0);
      const steps = pieces.map((piece, index) =>
        reader.feed(
          index === pieces.length - 1 ? Buffer.concat([piece, Buffer.from(rest)]) : piece,
        ),
      );
      const end = steps.at(-1);
      assert.ok(end?.kind === "whole");
      assert.equal(end.rest.toString(), Buffer.from(rest).toString());
      assert.deepEqual(Buffer.concat(out), Buffer.concat(chunks));
    }),
  );
});

test("a host name is read the same whether its case, its last dot or its port is written", () => {
  const label = fc.stringMatching(/^[a-z0-9_-]{1,20}$/);
  fc.assert(
    fc.property(
      fc.array(label, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 65_535 }),
      (labels, port) => {
        const name = labels.join(".");
        for (const text of [
          name,
          name.toUpperCase(),
          `${name}.`,
          `${name}:${port}`,
          `${name}.:${port}`,
        ]) {
          assert.equal(parseHostName(text)?.name, name);
        }
      },
    ),
  );
  fc.assert(fc.property(fc.string(), (text) => void parseHostName(text)));
});

test("a request is forwarded as the same bytes in whatever pieces it comes", async () => {
  await using replica = await RecordingReplica.start();
  await using proxy = await HttpFixture.start([replica.port]);
  const requests = [
    "GET /a?b HTTP/1.1\r\nHost: a.test\r\nX-A: 1\r\nConnection: X-A\r\n\r\n",
    "PUT /b HTTP/1.1\r\nHost: a.test\r\nContent-Length: 11\r\n\r\nhello world",
  ];
  const forwarded = async (pieces: readonly Buffer[]): Promise<string> => {
    const before = replica.requests.length;
    await using client = await TcpClient.open(proxy.port);
    client.socket.setNoDelay();
    for (const piece of pieces) {
      client.socket.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually(() => replica.requests.length > before && client.text.includes("200 OK"));
    return replica.requests.at(-1) ?? "";
  };
  for (const request of requests) {
    const bytes = Buffer.from(request);
    const want = await forwarded([bytes]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 20 }), async (cuts) => {
        const pieces = slices(bytes, cuts).filter(({ length }) => length > 0);
        assert.equal(await forwarded(pieces), want);
      }),
      { numRuns: 30 },
    );
  }
});
