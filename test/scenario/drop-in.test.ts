import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { Program } from "../support/program.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

/** Where everything is that a command line can name. */
interface Place {
  /** `http://127.0.0.1:8080` */
  readonly marathon: string;
  readonly marathonPort: string;
  readonly status: string;
  readonly apiPort: string;
  readonly folder: string;
}

interface Start {
  readonly name: string;
  readonly args?: (place: Place) => readonly string[];
  readonly env?: (place: Place) => Readonly<Record<string, string>>;
  /** What is reported to have no meaning here, in one warning; default none. */
  readonly ignored?: readonly string[];
}

const proxymatic: readonly Start[] = [
  {
    name: "the container: docker run --net=host -e MARATHON_URL=… meltwater/proxymatic",
    env: ({ marathon, status }) => ({ MARATHON_URL: marathon, STATUS_ENDPOINT: status }),
  },
  {
    name: "the container with every variable",
    env: ({ marathon, status }) => ({
      MARATHON_URL: `${marathon}/,${marathon}`,
      MARATHON_CALLBACK_URL: "http://127.0.0.1:5000",
      REFRESH_INTERVAL: "60",
      EXPOSE_HOST: "true",
      STATUS_ENDPOINT: status,
      GROUP_SIZE: "1",
      MAX_CONNECTIONS: "8192",
      PEN_SERVERS: "64",
      PEN_CLIENTS: "8192",
      HAPROXY: "true",
      PROXY_PROTOCOL: "false",
      VERBOSE: "true",
    }),
    ignored: ["MARATHON_CALLBACK_URL", "HAPROXY", "PEN_SERVERS", "PEN_CLIENTS"],
  },
  {
    name: "short flags",
    args: ({ marathon, status }) => [
      "-m",
      marathon,
      "-i",
      "60",
      "-e",
      "-v",
      "--status-endpoint",
      status,
    ],
  },
  {
    name: "every flag",
    args: ({ marathon, status }) => [
      "--marathon",
      `${marathon}/`,
      "--marathon-callback",
      "http://127.0.0.1:5000",
      "--refresh-interval=60",
      "--expose-host",
      `--status-endpoint=${status}`,
      "--group-size",
      "1",
      "--max-connections=8192",
      "--pen-servers=64",
      "--pen-clients",
      "8192",
      "--haproxy",
      "--verbose",
    ],
    ignored: ["--marathon-callback", "--haproxy", "--pen-servers", "--pen-clients"],
  },
];

const mmsd: readonly Start[] = [
  {
    name: "as its README starts it",
    args: ({ marathonPort }) => ["--marathon-host=127.0.0.1", `--marathon-port=${marathonPort}`],
  },
  {
    name: "the flags of its README",
    args: ({ marathonPort, folder }) => [
      "--marathon-host=127.0.0.1",
      `--marathon-port=${marathonPort}`,
      "--groups=*",
      "--haproxy-bin=/usr/bin/haproxy",
      "--haproxy-pidfile=/var/run/haproxy.pid",
      "--log-level=info",
      `--upstream-confd=${folder}`,
    ],
    ignored: ["--haproxy-bin", "--haproxy-pidfile"],
  },
  {
    name: "its variables",
    env: ({ marathonPort, folder }) => ({
      MARATHON_HOST: "127.0.0.1",
      MARATHON_PORT: marathonPort,
      GROUPS: "*",
      HAPROXY_BIN: "/usr/bin/haproxy",
      LOG_LEVEL: "info",
      UPSTREAM_CONFD: folder,
    }),
    ignored: ["HAPROXY_BIN"],
  },
  {
    name: "the flags of its last release",
    args: ({ marathonPort, apiPort, folder }) => [
      "--marathon-ip",
      "127.0.0.1",
      "--marathon-port",
      marathonPort,
      "--reconnect-delay=4s",
      `--run-state-dir=${folder}`,
      "--filter-groups=*",
      "--bind-ip=127.0.0.1",
      `--api-port=${apiPort}`,
      "--enable-gateway=false",
      "--gateway-bind=127.0.0.1",
      "--gateway-port-http=80",
      "--gateway-port-https=443",
      "--enable-files=true",
      "--enable-tcp=true",
      "--enable-udp=true",
      "--enable-health-checks=false",
      "--haproxy-bin=/usr/sbin/haproxy",
      "--haproxy-cfgtail=/etc/mmsd/haproxy-tail.cfg",
      "--haproxy-port=8081",
      "--haproxy-reload-interval=5s",
      "--haproxy-syslog-facility=local5",
      "--haproxy-before-cmd=/bin/true",
      "--haproxy-after-cmd=/bin/true",
      "--haproxy-enable-reuse-socket",
      "--enable-dns=false",
      "--dns-port=53",
      "--dns-basename=mmsd.",
      "--dns-ttl=5s",
      "--dns-push-srv=false",
    ],
    ignored: [
      "--haproxy-enable-reuse-socket",
      "--haproxy-bin",
      "--haproxy-cfgtail",
      "--haproxy-port",
      "--haproxy-reload-interval",
      "--haproxy-syslog-facility",
      "--haproxy-before-cmd",
      "--haproxy-after-cmd",
      "--reconnect-delay",
    ],
  },
  {
    name: "flags that only older releases had",
    args: ({ marathonPort }) => [
      "--marathon-ip=127.0.0.1",
      `--marathon-port=${marathonPort}`,
      "--haproxy-bind=127.0.0.1",
      "--managed-ip=127.0.0.1",
    ],
    ignored: ["--haproxy-bind", "--managed-ip"],
  },
];

/** Starts the program as a user of the other one did, and expects one service to be forwarded. */
async function forwards({ args, env, ignored = [] }: Start): Promise<void> {
  await using replica = await TcpReplica.start(named("replica"));
  await using marathon = await startMarathon();
  using folder = new TemporaryFolder();
  const port = await freePort();
  marathon.putApp(app("/demo/web", port));
  place(marathon, "/demo/web", replica.port);
  const url = new URL(marathon.urls[0] ?? "");
  const where = {
    marathon: url.origin,
    marathonPort: url.port,
    status: `127.0.0.1:${await freePort()}`,
    apiPort: String(await freePort()),
    folder: folder.path,
  };
  await using program = new Program({
    args: args?.(where) ?? [],
    // Nothing of theirs says where our status port is: it must not take one that this machine uses.
    env: { PORTOLAN_STATUS_ENDPOINT: where.status, ...env?.(where) },
  });
  await program.logged("started");
  await eventually(async () => {
    await using client = new TcpClient(port);
    await eventually(() => client.closed || client.text !== "");
    return client.text === "replica\n";
  });
  const warnings = program.log.filter(({ level }) => level === "warn").map(({ msg }) => msg);
  const expected = `ignored, since there is nothing left to set: ${ignored.join(", ")}`;
  assert.deepEqual(warnings, ignored.length === 0 ? [] : [expected]);
}

suite("proxymatic's users find everything where it was", () => {
  for (const start of proxymatic) test(start.name, () => forwards(start));
});

suite("mmsd's users find everything where it was", () => {
  for (const start of mmsd) test(start.name, () => forwards(start));
});
