/** How often a row is meant to run: with every commit, every night, or every week and before a release. */
type Tier = "commit" | "night" | "week";

/** One row of the catalogue of faults: something that can go wrong, and must not do harm. */
export interface Row {
  readonly id: string;
  readonly tier: Tier;
  readonly what: string;
}

type Line = readonly [id: string, tier: "c" | "n" | "w", what: string];

const tiers = { c: "commit", n: "night", w: "week" } as const;

/** How connections are forwarded. */
const tcp: readonly Line[] = [
  [
    "T01",
    "c",
    "1000 connections × 1 MiB echo with SHA-256 both ways, write sizes 1 B–256 KiB random (fixed seeds)",
  ],
  ["T02", "c", "a client asks and ends; the answer comes 150 ms later"],
  ["T03", "c", "replica FINs first; client goes on sending 1 MiB, then FIN"],
  ["T04", "c", "client RST while idle, established both sides"],
  ["T05", "c", "replica RST while idle"],
  ["T06", "c", "replica writes 2 MiB to a slow client, waits 60 ms, RST"],
  ["T07", "c", "client FIN, then RST 200 ms later; replica silent"],
  ["T08", "c", "client sends fast, replica not reading (proxy has paused the client); client RSTs"],
  ["T09", "n", "100 clients pull an endless stream and stop reading for 60 s"],
  ["T10", "n", "as T09 the other way (100 clients push, replicas do not read)"],
  ["T11", "n", "slow reader 1 KB/s for 10 min beside 1 Gbit/s iperf3 on the same service"],
  ["T12", "c", "slicer: every byte in its own segment, 1 ms apart, 64 KiB"],
  ["T13", "c", "replica port refuses (no listener); 1 of 3 replicas"],
  ["T14", "c", "replica host is a black hole (route blackhole / DROP)"],
  ["T15", "c", "all replicas refuse"],
  ["T16", "c", "no replicas at all (app scaled to 0) with the service port still declared"],
  ["T17", "c", "replica kill -9 in mid-transfer of 100 connections"],
  ["T18", "n", "replica kill -STOP (kernel still accepts)"],
  ["T19", "n", "cable pull: netns link down with idle connections, keepalive on"],
  ["T20", "w", "cable pull with unacknowledged data"],
  ["T21", "c", "server-first protocol (SMTP/MySQL banner), client silent"],
  ["T22", "c", "client connects and closes at once, 10 000 times at 2000/s"],
  ["T23", "n", "client connects, says nothing"],
  ["T24", "n", "netem 100 ms ± 50 ms, 2 % loss, 1 % reorder, 0.1 % corrupt, 5 min of mixed load"],
  ["T25", "n", "an urgent byte"],
  ["T26", "c", "A replica address that is the proxy's own service port (loop)"],
  ["T27", "c", "connect succeeds, replica RSTs immediately (before a byte)"],
];

/** Changes of route, drains and limits. */
const routes: readonly Line[] = [
  [
    "R01",
    "c",
    "500 swaps in 50 s (replica sets of 2–6, all healthy) under wrk -c64 keep-alive and 500 conn/s of new TCP",
  ],
  [
    "R02",
    "n",
    "rolling deploy: new replica up → healthy → old one removed, then -TERM after grace; 20 rounds",
  ],
  ["R03", "c", "removed replica with 200 long connections"],
  ["R04", "c", "port list shrinks and grows again (service removed, added back 1 s later)"],
  ["R05", "n", "service's mode label flips tcp → http → tcp under load"],
  ["R06", "c", "50 events in 100 ms for one app"],
  ["R07", "c", "events in the wrong order, which Marathon allows"],
  ["R08", "c", "maxconn per replica 10, 30 clients"],
  ["R09", "c", "passive ejection of a flapping replica (50 % refuse) among 3"],
  ["R10", "c", "all replicas passively ejected"],
  ["R11", "n", "slow start: new replica with weight ramp 10 s at 1000 conn/s"],
  ["R12", "c", "duplicate replica entries, same host:port twice"],
  ["R13", "n", "10 000 apps × 5 tasks, 37 MB body, full resync under wrk load"],
  ["R14", "n", "2000 service ports added in one apply"],
];

/** Probes and verdicts. */
const health: readonly Line[] = [
  ["HC01", "c", "TCP check against accept-and-hang"],
  ["HC02", "c", "HTTP statuses, no status line, a huge head, a body without end"],
  ["HC03", "c", "slowloris replica: 1 byte/s status line"],
  ["HC04", "n", "redis master/replica real pair; replicaof, failover"],
  ["HC05", "c", "Redis that wants a password, loads, is busy, answers in pieces or without end"],
  ["HC06", "c", "rise/fall hysteresis: 1 ok/1 fail alternating"],
  ["HC07", "n", "5000 replicas checked each 2 s"],
  ["HC08", "c", "40 services share one replica; 1 service has 40"],
  ["HC09", "c", "probes without a descriptor left"],
  ["HC10", "c", "event loop stalled 5 s (debug hook), then resumes"],
  ["HC11", "c", "marathon health result says down, local check says up; and the reverse"],
  ["HC12", "c", "probes of a replica that expects a PROXY header"],
  ["HC13", "n", "a host name that resolves slowly or not at all"],
  ["HC14", "c", "proxy restarts: first verdict"],
];

/** Marathon: its lists, its stream, its elections. */
const marathon: readonly Line[] = [
  ["M01", "n", "Marathon is away for long"],
  ["M02", "c", "a start without Marathon, with a state file of today"],
  ["M03", "c", "snapshot file truncated / garbage / 1 GB / wrong version / symlink"],
  ["M04", "c", "statuses 500, 502, 503, 401, 403, 429"],
  ["M05", "c", "status 200 with length 0 [marathon: issue 1585]"],
  ["M06", "c", "an empty list after services were known"],
  ["M07", "c", "a list that lost most of everything at once"],
  ["M08", "c", "a new leader that forgot every health result [marathon: issue 3419]"],
  ["M09", "c", "an election ends the stream; the next leader refuses at first and redirects"],
  ["M10", "c", "an open stream without a byte"],
  ["M11", "c", "a stream with heartbeats and no events"],
  ["M12", "c", "a member that accepts and never answers"],
  ["M13", "c", "a body by the byte"],
  ["M14", "c", "a body that is cut short"],
  ["M15", "c", "a body delimited by its end alone, cut at valid JSON"],
  [
    "M16",
    "c",
    "garbage, HTML, UTF-16, byte order marks, deep nesting, prototype keys, huge numbers",
  ],
  ["M17", "n", "a body larger than any cluster"],
  ["M18", "c", "codings that were not asked for, gzip bombs among them"],
  ["M19", "c", "an event stream cut anywhere, with every line ending and oddity the format allows"],
  ["M20", "c", "1 GiB line without newline in the stream"],
  ["M21", "n", "50 000 events/s for 60 s"],
  ["M22", "c", "TLS certificates that are expired, of another name, of an unknown authority"],
  ["M23", "n", "CA file rotated on disk"],
  ["M24", "n", "Marathon flaps"],
  ["M25", "n", "two members disagree"],
  ["M26", "c", "apps as every version from 0.11 to 1.11 writes them"],
  ["M27", "c", "tasks being killed, unreachable, lost, staging, without ports or without a host"],
];

/** Ports that we bind. */
const ports: readonly Line[] = [
  ["B01", "c", "service port already used by another process"],
  ["B02", "c", "port 80 without privilege"],
  ["B03", "c", "ports that are none: 0, -1, 65536, 1.5, text, null"],
  ["B04", "c", "two apps claim one service port (same proto)"],
  ["B05", "c", "tcp and udp on the same number"],
  ["B06", "c", "an app claims our own ports or ports outside the range"],
  ["B07", "n", "bind address missing, :: vs 0.0.0.0, interface address appears later"],
  ["B08", "n", "listener dies (fd closed by debugger)"],
  ["B09", "n", "a service port inside the range of outgoing ports"],
  ["B10", "n", "a burst of 4000 connections"],
];

/** Datagrams and sessions. */
const udp: readonly Line[] = [
  ["U01", "c", "sizes 0, 1, 1472, 1473, 9000, 65507 round trip"],
  ["U02", "c", "65507 B with PROXY v2 out (28 B more)"],
  ["U03", "c", "replica port dead → ICMP unreachable"],
  ["U04", "c", "unconnected send to dead port"],
  ["U05", "c", "session idle timeout 60 s (test 1 s)"],
  ["U06", "c", "replies after idle expiry"],
  ["U07", "c", "1 request → 1000 replies of 1400 B (amplification)"],
  ["U08", "n", "spoofed flood: 100 000 random sources, 20 000 pps, 30 s"],
  [
    "U09",
    "c",
    "source port 0, broadcast/multicast source, source = own listener (loop), source = replica",
  ],
  ["U10", "c", "replica removed in mid-session"],
  ["U11", "c", "no replicas"],
  ["U12", "n", "SIGSTOP on the client: send buffer full to it"],
  ["U13", "n", "50 000 pps × 200 B, 32 sessions, 60 s"],
  ["U14", "c", "send after close race (session expiry during send)"],
  ["U15", "n", "fragmented datagrams, one fragment lost"],
  ["U16", "c", "UDP service with 4 workers"],
];

/** PROXY protocol, in and out. */
const proxyHeaders: readonly Line[] = [
  ["P01", "c", "60 PROXY headers, good and bad"],
  ["P02", "c", "same corpus on a port without accept-proxy"],
  ["P03", "c", "accept-proxy port reached from an untrusted CIDR"],
  ["P04", "c", "real haproxy and nginx read our PROXY headers"],
  ["P05", "c", "v2 in → v1 out and v1 in → v2 out; UNKNOWN/LOCAL in"],
  ["P06", "c", "mixed families (v4 client, v6 bind) in v1 out"],
  ["P07", "n", "5000 connections that send 5 bytes of header and stall"],
  ["P08", "c", "TLVs of 3.9 KiB; 1300 NOOP TLVs; unknown types"],
  ["P09", "c", "PROXY + HTTP vhost port: X-Forwarded-For"],
  ["P10", "n", "a million mutated PROXY headers"],
];

/** Routing by TLS name. */
const tlsNames: readonly Line[] = [
  ["S01", "c", "32 TLS hellos, good and bad"],
  ["S02", "c", "post-quantum hellos in two segments, from OpenSSL and Node"],
  ["S03", "n", "5000 clients send 1 byte and stall"],
  ["S04", "c", "no SNI with and without default backend"],
  ["S05", "c", "SNI of a vhost in another group than the port's"],
  ["S06", "c", "hello replay exactness"],
  ["S07", "n", "a million mutated TLS hellos"],
  ["S08", "c", "plain HTTP on the TLS port, TLS on the HTTP port"],
];

/** HTTP. */
const http: readonly Line[] = [
  ["W01", "c", "84 requests, good and bad"],
  [
    "W02",
    "c",
    "differential smuggling: each accepted case through us to nginx, haproxy and Node backends",
  ],
  ["W03", "c", "every form of Host"],
  ["W04", "c", "answers framed twice, huge heads, storms of 1xx, an unasked 101"],
  ["W05", "c", "response truncated vs Content-Length / missing last chunk"],
  ["W06", "c", "replica closes idle keep-alive just as we reuse it"],
  [
    "W07",
    "c",
    "response queue poisoning: backend sends an unasked extra response on a kept socket",
  ],
  ["W08", "c", "client aborts during upload / while waiting"],
  ["W09", "n", "slowloris: headers 1 byte/5 s; 2000 clients"],
  ["W10", "n", "a request body that trickles"],
  ["W11", "c", "a WebSocket both ways, half-closed, refused, with junk behind the upgrade"],
  ["W12", "c", "upgrade: h2c, websocket, h2c, Upgrade without Connection, TLS/1.0"],
  ["W13", "c", "hop-by-hop stripping; Connection: X-Forwarded-For, Host, Content-Length"],
  ["W14", "c", "X-Forwarded-For / -Proto / Forwarded spoofing"],
  ["W15", "c", "headers named like prototype keys, 128 headers, duplicates"],
  ["W16", "c", "expect: 100-continue with a refusing backend (417/413)"],
  ["W17", "n", "1 GiB upload and download, chunked and CL, backpressure"],
  ["W18", "c", "HEAD/204/304 with bodies; GET with body; DELETE with body"],
  ["W19", "n", "SSE through us (client of an app), 1 event/30 s for 10 min"],
  ["W20", "n", "trailers, TE: trailers, gRPC-web"],
  ["W21", "c", "an app declares the vhost of another, a wildcard, an address"],
  ["W22", "c", "error pages"],
];

/** What app owners write. */
const apps: readonly Line[] = [
  ["X01", "c", "app ids that are paths, lines, controls or too long"],
  ["X02", "c", "two ids that make one file name"],
  ["X03", "c", "line breaks in what reaches instance files"],
  ["X04", "c", "a link, a folder or a foreign file where one of ours is due"],
  ["X05", "c", "disk full, read-only, EIO, inode exhaustion"],
  ["X06", "c", "reader loop reading the file 10 000×/s during 1000 updates"],
  ["X07", "c", "labels of a mebibyte, ten thousand of them, of wrong types"],
  ["X08", "c", "weights, times and limits of -1, 0, 1e9, text, Infinity"],
  ["X09", "c", "a health path with line breaks, spaces, a scheme or 10 KiB"],
  ["X10", "c", "replicas at link-local, multicast, loopback and reserved addresses"],
  ["X11", "c", "a vhost that looks like a regular expression"],
  ["X12", "n", "10 000 distinct vhosts on one app; 1000 apps sharing one vhost"],
  ["X13", "n", "app churn: create/delete 100 apps/s with new ids for 10 min"],
  ["X14", "c", "lb-group absent / list / wildcard / unicode"],
  ["X15", "n", "keys made to collide in labels"],
  ["X16", "c", "a task listed twice, with 1000 ports, with port 0 or 70000"],
];

/** The status port, metrics and logs. */
const administration: readonly Line[] = [
  ["A01", "c", "where the status port binds"],
  ["A02", "c", "DNS rebinding: Host: evil.example to 127.0.0.1"],
  ["A03", "c", "cross-site requests"],
  ["A04", "c", "slowloris and 1000 idle connections on /metrics and /healthz"],
  ["A05", "n", "50 parallel scrapes at 10 000 apps"],
  ["A06", "c", "odd paths of the API"],
  ["A07", "c", "random hosts, names, paths and clients: no new time series"],
  ["A08", "c", 'label escaping: " \\ newline in app names'],
  ["A09", "c", "secrets in pages, logs and errors"],
  ["A10", "c", "controls, line breaks and a mebibyte in what is logged"],
  ["A11", "c", "log reader stops (docker logs driver stalled, pipe full)"],
  ["A12", "c", "log reader dies (EPIPE)"],
  ["A13", "c", "log storm: 20 000 failing connections/s"],
  ["A14", "c", "ready and alive are two questions"],
];

/** The process, its resources, its clock. */
const process: readonly Line[] = [
  ["L01", "c", "more clients than descriptors"],
  ["L02", "c", "descriptors run out while it runs"],
  ["L03", "n", "ephemeral ports exhausted to one replica (range 100)"],
  ["L04", "c", "SIGTERM, 200 long TCP connections + 1000 req/s"],
  ["L05", "c", "SIGTERM twice; SIGINT; SIGTERM during start-up"],
  ["L06", "c", "SIGHUP"],
  ["L07", "n", "PID 1 in a container, docker stop -t 45"],
  ["L08", "c", "SIGKILL and a start with hundreds of connections open"],
  ["L09", "n", "a new instance takes over the ports of the old one"],
  ["L10", "c", "a worker dies"],
  ["L11", "c", "an exception in a connection's own code"],
  ["L12", "n", "event-loop stall 20 s"],
  ["L13", "n", "10 % of a CPU"],
  ["L14", "n", "256 MB for 5000 slow readers"],
  ["L15", "n", "10 000 idle connections"],
  ["L16", "w", "50 000 idle connections"],
  ["L17", "n", "connection flood 20 000/s for 30 s (connect+close)"],
  ["L18", "w", "SYN flood with syncookies"],
  ["L19", "c", "the clock jumps by hours, a day, to 2038"],
  ["L20", "n", "stopped and woken"],
  ["L21", "n", "DNS that is down, slow, wrong or changing"],
  ["L22", "w", "soak 24 h: 1000 conn/s, 1 % faults of each T/U/W kind, 1 swap/s"],
  ["L23", "c", "bad flags, an unreadable secret, no source"],
  ["L24", "n", "read-only root, no rights but one, no root"],
  ["L25", "w", "kernel 4.18 / 5.10 / 6.x, IPv6 disabled, net.core.somaxconn 128"],
  ["L26", "c", "proxy variables in the environment"],
];

/** What it is made of, and what it is run in. */
const delivery: readonly Line[] = [
  ["D01", "c", "a package of other bytes, or from another place, than those that were reviewed"],
  ["D02", "c", "a package that runs a script when it is installed"],
  ["D03", "c", "a package with a grave hole that is known"],
  ["D04", "c", "a library that nobody argued for, or in the data plane"],
  ["D05", "c", "a process that reaches for files, programs or native code it has no business with"],
  ["D06", "c", "code made from text, or a changed prototype"],
  ["D07", "c", "a deployment that gives more rights than it takes"],
  ["D08", "c", "a socket, server or process whose error nobody listens for"],
  ["D09", "c", "a runtime other than the tested one"],
  ["D10", "c", "a package or image with something in it that does not belong there"],
];

/** Every row there is; a test that shows one carries its id in parentheses at the end of its name. */
export const rows: readonly Row[] = [
  ...tcp,
  ...routes,
  ...health,
  ...marathon,
  ...ports,
  ...udp,
  ...proxyHeaders,
  ...tlsNames,
  ...http,
  ...apps,
  ...administration,
  ...process,
  ...delivery,
].map(([id, tier, what]) => ({ id, tier: tiers[tier], what }));
