import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { chunks, fields, framing, hosts, targets, upgrades } from "../fixtures/http/requests.ts";
import { eventually } from "../support/eventually.ts";
import { HttpFixture } from "../support/http-fixture.ts";
import { RecordingReplica } from "../support/http-replica.ts";
import { TcpClient } from "../support/tcp-client.ts";

const cases = [...framing, ...fields, ...hosts, ...targets, ...upgrades, ...chunks].filter(
  ({ bytes }) => bytes.length < 4000,
);
const good = cases.filter(({ reaches }) => reaches.length > 0);

/** A change of a request that an attacker would try. */
const spoiled = fc
  .tuple(
    // Most begin as a good one: what is refused anyway shows little.
    fc.constantFrom(...good, ...good, ...good, ...cases).map(({ bytes }) => bytes),
    fc.nat({ max: 3999 }),
    fc.constantFrom(
      "\r",
      "\n",
      "\r\n",
      "\u0000",
      " ",
      "\t",
      ":",
      "\r\n ",
      "Content-Length: 3\r\n",
      "Transfer-Encoding: chunked\r\n",
      "Transfer-Encoding: identity\r\n",
      "Host: b.test\r\n",
      "Connection: content-length\r\n",
      "\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n",
      "\u00FF",
      "X-A: b\r\n",
      "x",
      "0\r\n\r\n",
    ),
    fc.constantFrom(0, 0, 1, 3),
    fc.boolean(),
  )
  .map(([bytes, at, inserted, dropped, isLine]) => {
    const lines = [...bytes.matchAll(/\r\n/g)].map(({ index }) => index + 2);
    const places = isLine && lines.length > 0 ? lines : [at % (bytes.length + 1)];
    const place = places[at % places.length] ?? 0;
    return bytes.slice(0, place) + inserted + bytes.slice(place + dropped);
  });

/** What a strict reader minds in a head that reaches a replica. */
function faultOf(head: string): string | undefined {
  const [line = "", ...rest] = head.split("\r\n");
  if (!/^[!#$%&'*+.^_`|~\w-]+ [!-~]+ HTTP\/1\.[01]$/.test(line)) return `request line ${line}`;
  const names = rest.map((text) => text.slice(0, Math.max(0, text.indexOf(":"))).toLowerCase());
  if (names.some((name) => !/^[!#$%&'*+.^_`|~\w-]+$/.test(name))) return `field in ${head}`;
  const count = (name: string): number => names.filter((one) => one === name).length;
  if (count("host") !== 1) return "not one Host";
  if (count("content-length") + count("transfer-encoding") > 1) return "two framings";
  // oxlint-disable-next-line no-control-regex -- controls are what must not be there
  return /[\u0000-\u0008\u000A-\u001F]/.test(rest.join("")) ? "a control" : undefined;
}

test("whatever is done to a request, what reaches the replica is one strict request each, or nothing (W01)", async () => {
  await fc.assert(
    fc.asyncProperty(spoiled, async (bytes) => {
      await using replica = await RecordingReplica.start();
      await using proxy = await HttpFixture.start([replica.port]);
      {
        await using client = await TcpClient.open(proxy.port);
        client.socket.write(Buffer.from(bytes, "latin1"));
        // What is no whole request is not answered: its client gives up.
        const isAnswered = (): boolean => client.text !== "" || client.closed;
        await eventually(isAnswered, { withinMs: 30 }).catch(() => undefined);
      }
      await eventually(() => proxy.active === 0);
      assert.ok(proxy.balanced);
      for (const request of replica.requests) {
        assert.equal(faultOf(request.slice(0, request.indexOf("\r\n\r\n"))), undefined);
      }
      const smuggled = replica.requests.filter((text) => text.startsWith("GET /smuggled"));
      assert.ok(smuggled.length <= bytes.split("GET /smuggled").length - 1);
    }),
    { numRuns: 300 },
  );
});
