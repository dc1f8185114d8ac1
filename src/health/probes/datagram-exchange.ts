import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { Exchange } from "./attempt.ts";
import { bytesOf, containsAll, expectedParts } from "./expect.ts";
import { bad, failed, good, unheard, type Finding } from "./finding.ts";
import { longestAnswer } from "./heard.ts";
import type { ProbeTarget } from "./probe.ts";

/**
 * Sends one datagram, empty if the policy says nothing to send, and waits for one that holds the expected bytes.
 * Others are passed over, since they may answer an earlier probe's question.
 */
export class DatagramExchange implements Exchange {
  readonly #socket: Socket;
  readonly #settle: (finding: Finding) => void;
  #heard = 0;

  constructor({ address, check, preface }: ProbeTarget, settle: (finding: Finding) => void) {
    this.#settle = settle;
    const sent = Buffer.concat([preface ?? Buffer.alloc(0), bytesOf(check.send)]);
    const expected = expectedParts(check.expect);
    const socket = createSocket(isIPv6(address.host) ? "udp6" : "udp4");
    socket.on("error", (error) => settle(failed("L4CON", error)));
    socket.on("message", (message) => this.#hear(message, expected));
    // Connected, so that only the replica is heard and an ICMP refusal comes back as an error [udp(7)].
    socket.once("connect", () => socket.send(sent));
    socket.connect(address.port, address.host);
    this.#socket = socket;
  }

  late(): Finding {
    const heard = this.#heard;
    return heard === 0 ? unheard("L7TOUT") : bad("L7TOUT", `not answered within ${heard} bytes`);
  }

  close(): void {
    this.#socket.close();
  }

  #hear(message: Buffer, expected: readonly Buffer[]): void {
    this.#heard += message.length;
    if (containsAll(message, expected)) this.#settle(good("L7OK"));
    else if (this.#heard > longestAnswer) this.#settle(bad("L7RSP", "longer than 64 KiB"));
  }
}
