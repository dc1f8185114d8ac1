import { test } from "node:test";

import { decode, encode, type Answer } from "dns-packet";
import fc from "fast-check";

import { readAddresses, readSrv, type SrvAnswer } from "../../src/discovery/dns/answers.ts";
import { toReplicas } from "../../src/discovery/dns/srv-records.ts";
import { ProblemList } from "../../src/discovery/problem-list.ts";
import { isHost, isPort } from "../../src/model/address.ts";

const records: Answer[] = [
  { type: "CNAME", name: "web.test", ttl: 5, data: "_web._tcp.test" },
  { type: "SRV", name: "_web._tcp.test", ttl: 9, data: { target: "a.test", port: 1, priority: 1 } },
  { type: "SRV", name: "_web._tcp.test", ttl: 9, data: { target: "b.test", port: 2, weight: 7 } },
];
const good = encode({
  type: "response",
  id: 1,
  questions: [{ type: "SRV", name: "web.test" }],
  answers: records,
  additionals: [{ type: "A", name: "a.test", ttl: 3, data: "10.0.0.1" }],
});

/** The good message with some bytes written over, and its end cut off or made longer. */
const messages = fc
  .tuple(
    fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }),
    fc.nat(good.length),
    fc.uint8Array({ maxLength: 20 }),
  )
  .map(([changes, length, more]) => {
    const bytes = Buffer.from(good);
    for (const [at, byte] of changes) bytes[at] = byte;
    return Buffer.concat([length % 3 === 0 ? bytes.subarray(0, length) : bytes, more]);
  });

/** Undefined when the message is refused, which is as good as an answer. */
function read(bytes: Buffer): SrvAnswer | undefined {
  try {
    const packet = decode(bytes);
    readAddresses(packet);
    return readSrv(packet);
  } catch {
    return undefined;
  }
}

test("whatever a name server sends is refused, or gives replicas that can be dialled", () => {
  fc.assert(
    fc.property(messages, (bytes) => {
      const answer = read(bytes);
      if (answer === undefined) return true;
      const addressOf = (host: string): string =>
        answer.addresses.get(host.toLowerCase())?.value[0] ?? host;
      const rules = { addressOf, problems: new ProblemList("dns") };
      const replicas = toReplicas("web.test", answer.value, rules);
      const isUsable = replicas.every(
        ({ address, weight }) =>
          isHost(address.host) && isPort(address.port) && weight >= 0 && weight <= 1000,
      );
      return isUsable && (answer.ttlMs === undefined || answer.ttlMs >= 0);
    }),
    { numRuns: 5000 },
  );
});
