import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { NetworkNamespace, noNamespaces } from "../support/network-namespace.ts";
import { isMissing } from "../support/real-server.ts";
import type { Elsewhere } from "./load-stage.ts";

/** What happens to a packet on its way, in either direction; shares are of 1. */
export interface Faults {
  readonly delayMs: number;
  /** It comes up to so much sooner or later than that. */
  readonly jitterMs: number;
  readonly lost: number;
  /** Comes at once, before others. */
  readonly early: number;
  /** Has one wrong bit. */
  readonly corrupt: number;
}

/**
 * A line between two devices whose packets it carries: what the kernel's netem does, for kernels that were built without
 * it. Packets wait in slots of a millisecond each.
 */
const program = `use strict; use Time::HiRes "time"; use Fcntl;
my ($near, $far, $delay, $jitter, $lost, $early, $corrupt) = @ARGV;
sub device {
  open(my $device, "+<", "/dev/net/tun") or die "no tun: $!";
  ioctl($device, 0x400454ca, pack("a16 s x22", $_[0], 0x1001)) or die "no device: $!";
  fcntl($device, F_SETFL, O_NONBLOCK);
  return $device;
}
my @ends = map { device($_) } $near, $far;
$| = 1; print "ready";
my (%slots, $done); $done = int(time() * 1000);
for (;;) {
  my $set = ""; vec($set, fileno $_, 1) = 1 for @ends;
  select($set, undef, undef, 0.001);
  for my $end (0, 1) {
    while (sysread($ends[$end], my $packet, 65536)) {
      next if rand() < $lost;
      my $wait = rand() < $early ? 0 : $delay + (2 * rand() - 1) * $jitter;
      substr($packet, int rand length $packet, 1) ^= chr(1 << int rand 8) if rand() < $corrupt;
      push @{$slots{int(time() * 1000 + $wait) + 1}}, [1 - $end, $packet];
    }
  }
  for (my $now = int(time() * 1000); $done < $now;) {
    $done += 1;
    syswrite($ends[$_->[0]], $_->[1]) for @{delete $slots{$done} // []};
  }
}`;

/** Why there can be no such line here, or false. */
export function noBadLine(): string | false {
  const missing = noNamespaces() || isMissing("perl");
  if (missing !== false) return missing;
  try {
    accessSync("/dev/net/tun", constants.R_OK | constants.W_OK);
    return false;
  } catch {
    return "there is no /dev/net/tun";
  }
}

/** A network at the far end of a bad line, with a good one beside it for the status port. */
export class BadLine implements Elsewhere, AsyncDisposable {
  // Ranges for documents, so that no real network has them [rfc5737].
  readonly inside: string = "198.51.100.2";
  readonly outside: string = "198.51.100.1";
  readonly #network: NetworkNamespace;
  readonly #line: ChildProcess;

  private constructor(network: NetworkNamespace, line: ChildProcess) {
    this.#network = network;
    this.#line = line;
  }

  static async lay({ delayMs, jitterMs, lost, early, corrupt }: Faults): Promise<BadLine> {
    const network = NetworkNamespace.create();
    const name = network.name.replace("portolan", "line");
    const devices = [`${name}n`, `${name}f`];
    const faults = [delayMs, jitterMs, lost, early, corrupt].map(String);
    const line = spawn("perl", ["-e", program, ...devices, ...faults], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    line.on("error", () => undefined);
    const laid = new BadLine(network, line);
    try {
      // It says so when there are devices, and ends when there can be none.
      await Promise.race([
        line.stdout === null ? undefined : once(line.stdout, "data"),
        once(line, "close"),
      ]);
      laid.#join(devices);
      return laid;
    } catch (error) {
      await laid[Symbol.asyncDispose]();
      throw error;
    }
  }

  get command(): readonly string[] {
    return this.#network.command;
  }

  get status(): string {
    return this.#network.inside;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#line, "close");
    if (this.#line.exitCode === null && this.#line.kill("SIGKILL")) await gone;
    this.#network[Symbol.dispose]();
  }

  #join([near = "", far = ""]: readonly string[]): void {
    const { inside, outside } = this;
    execFileSync("ip", ["address", "add", outside, "peer", inside, "dev", near]);
    execFileSync("ip", ["link", "set", near, "up"]);
    execFileSync("ip", ["link", "set", far, "netns", this.#network.name]);
    this.#network.run("ip", "address", "add", inside, "peer", outside, "dev", far);
    this.#network.run("ip", "link", "set", far, "up");
  }
}
