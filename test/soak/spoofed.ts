import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { NetworkNamespace, noNamespaces } from "../support/network-namespace.ts";
import { isMissing } from "../support/real-server.ts";

export interface SpoofedFlood {
  readonly kind: "datagrams" | "syns";
  readonly host: string;
  readonly port: number;
  readonly perSecond: number;
  /** Addresses that they come from, each a port of a host of 10.0.0.0/8; every one is used again and again. */
  readonly sources: number;
  readonly seconds: number;
}

/**
 * Sends packets that it makes up with their headers, and prints how many; the kernel only adds checksum and length of
 * the outer one. A SYN's own checksum has to be right.
 */
const program = `use strict; use Socket; use Time::HiRes "time";
my ($kind, $host, $port, $rate, $sources, $seconds) = @ARGV;
socket(my $out, AF_INET, SOCK_RAW, 255) or die "no raw socket: $!";
my ($to, $there) = (inet_aton($host), pack_sockaddr_in(0, inet_aton($host)));
srand 7;
my @from = map { [pack("N", 10 << 24 | 1 + int rand 16777213), 1024 + int rand 64000] } 1 .. $sources;
sub datagram { return pack("n4 a*", $_[1], $port, 9, 0, "x") }
sub syn {
  my ($address, $from) = @_;
  my $rest = pack("nN2 C2 n3", $port, int rand 4294967295, 0, 80, 2, 64240, 0, 0);
  my $sum = unpack("%32n*", pack("a4 a4 C2 n n", $address, $to, 0, 6, 20, $from) . $rest);
  $sum = ($sum & 65535) + ($sum >> 16) for 1, 2;
  substr($rest, 14, 2) = pack("n", ~$sum & 65535);
  return pack("n", $from) . $rest;
}
my ($make, $protocol) = $kind eq "syns" ? (\\&syn, 6) : (\\&datagram, 17);
my ($sent, $start) = (0, time);
while ((my $past = time() - $start) < $seconds) {
  for (my $due = $past * $rate; $sent < $due; $sent += 1) {
    my $at = $from[$sent % $sources];
    my $head = pack("C2 n3 C2 n a4 a4", 69, 0, 0, 0, 0, 64, $protocol, 0, $at->[0], $to);
    send($out, $head . $make->(@$at), 0, $there);
  }
  select undef, undef, undef, 0.002;
}
print $sent;`;

/** Why packets with made up addresses cannot be sent here, or false. */
export function noSpoofing(): string | false {
  const missing = noNamespaces() || isMissing("perl");
  if (missing !== false) return missing;
  const forwards = readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8").trim() !== "0";
  return forwards ? "answers to made up addresses would leave this host, which forwards" : false;
}

/** A network that believes every address, and sends answers to all of them back along the cable. */
export function believing(): NetworkNamespace {
  const network = NetworkNamespace.create();
  for (const device of ["all", "inside"]) network.set(`ipv4/conf/${device}/rp_filter`, 0);
  network.run("ip", "route", "add", "default", "via", network.outside);
  return network;
}

/** Sends them to a believing network; settles with their number when it is over. */
export async function sendSpoofed(flood: SpoofedFlood): Promise<number> {
  const { kind, host, port, perSecond, sources, seconds } = flood;
  const args = [kind, host, port, perSecond, sources, seconds].map(String);
  const { stdout } = await promisify(execFile)("perl", ["-e", program, ...args]);
  return Number(stdout);
}
