import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { isMissing } from "./real-server.ts";

/** Why tests with a network of their own are skipped here, or false. */
export function noNamespaces(): string | false {
  if (process.getuid?.() !== 0) return "a network of its own takes root";
  const missing = isMissing("ip", "iproute2") || isMissing("iptables");
  if (missing !== false) return missing;
  try {
    using _ = NetworkNamespace.create();
    return false;
  } catch (error) {
    return `no network namespaces here: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Why there is no narrow cable here, or false. */
export function noNarrowCable(): string | false {
  const missing = noNamespaces() || isMissing("tc", "iproute2");
  if (missing !== false) return missing;
  using network = NetworkNamespace.create();
  try {
    network.narrow(1000);
    return false;
  } catch (error) {
    return `no token bucket here: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/**
 * A network of its own, joined to this one by a cable: processes are started in it by `command`, and what is done to
 * it here happens to no other network. It goes away with everything that was configured in it.
 */
export class NetworkNamespace implements Disposable {
  readonly name: string;
  /** This end of the cable. */
  readonly outside: string;
  /** The far end of the cable. */
  readonly inside: string;

  private constructor(number: number) {
    this.name = `portolan${number}`;
    // The range for tests of networks [rfc2544 §C.2.2]; no real network has it.
    const network = `198.${18 + (number % 2)}.${(number >> 1) % 256}`;
    this.outside = `${network}.1`;
    this.inside = `${network}.2`;
  }

  static create(): NetworkNamespace {
    const made = new NetworkNamespace(randomInt(1, 2 ** 20));
    try {
      made.#join();
    } catch (error) {
      made[Symbol.dispose]();
      throw error;
    }
    return made;
  }

  /** Put before a command, it runs in this network. */
  get command(): string[] {
    return ["ip", "netns", "exec", this.name];
  }

  /** Runs a command in this network; returns what it writes. */
  run(...command: readonly string[]): string {
    return execute("ip", "netns", "exec", this.name, ...command);
  }

  /** Sets a parameter of the kernel for this network alone. */
  set(parameter: string, value: string | number): void {
    this.run("sh", "-c", `echo ${value} > /proc/sys/net/${parameter}`);
  }

  /** Pulls the cable at the far end. */
  pull(): void {
    execute("ip", "-n", this.name, "link", "set", "inside", "down");
  }

  /** Whatever comes from here on is lost without a word, though the cable is there. */
  swallow(): void {
    this.filter("INPUT", "-j", "DROP");
  }

  /** Adds a rule for what this network receives (INPUT) or sends (OUTPUT). */
  filter(chain: "INPUT" | "OUTPUT", ...rule: readonly string[]): void {
    this.run("iptables", "-w", "-A", chain, ...rule);
  }

  /** Second fragments of datagrams never arrive. */
  loseFragments(): void {
    // Before anything puts the pieces together.
    this.run(..."iptables -w -t raw -A PREROUTING -f -j DROP".split(" "));
  }

  /**
   * A bad line in both directions: late, out of order and with losses where the kernel can do all of that (netem),
   * with losses alone elsewhere. Returns which it is.
   */
  spoil(): "netem" | "losses" {
    const faults = "delay 100ms 50ms loss 2% reorder 1% corrupt 0.1%".split(" ");
    try {
      this.run(..."tc qdisc add dev inside root netem".split(" "), ...faults);
      return "netem";
    } catch {
      // The kernel was built without it: a firewall loses packets as well.
      const lost = "-m statistic --mode random --probability 0.02 -j DROP".split(" ");
      this.filter("INPUT", ...lost);
      this.filter("OUTPUT", ...lost);
      return "losses";
    }
  }

  /** What this end sends goes at so many kilobits a second, and the rest waits where it belongs to who sent it. */
  narrow(kilobits: number): void {
    const limits = ["rate", `${kilobits}kbit`, "burst", "4kb", "limit", "16mb"];
    execute("tc", "qdisc", "add", "dev", this.name, "root", "tbf", ...limits);
  }

  /** One more address of this end of the cable. */
  addOutside(host: number): string {
    const address = this.outside.replace(/\d+$/, String(host));
    execute("ip", "address", "add", `${address}/24`, "dev", this.name);
    return address;
  }

  [Symbol.dispose](): void {
    // The cable goes with the network; what was never made cannot be removed, and that is all that can go wrong.
    execute("sh", "-c", `ip link delete ${this.name}; ip netns delete ${this.name}; true`);
  }

  #join(): void {
    const { name, inside, outside } = this;
    execute("ip", "netns", "add", name);
    const far = ["peer", "name", "inside", "netns", name];
    execute("ip", "link", "add", name, "type", "veth", ...far);
    execute("ip", "address", "add", `${outside}/24`, "dev", name);
    execute("ip", "link", "set", name, "up");
    execute("ip", "-n", name, "address", "add", `${inside}/24`, "dev", "inside");
    for (const device of ["inside", "lo"]) execute("ip", "-n", name, "link", "set", device, "up");
  }
}

function execute(file: string, ...args: readonly string[]): string {
  return execFileSync(file, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
