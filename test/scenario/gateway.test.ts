import assert from "node:assert/strict";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { connect } from "node:tls";
import { selfSigned } from "../support/certificates.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { answering, ask, saying } from "../support/http-exchange.ts";
import { RecordingReplica } from "../support/http-replica.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { isMissing, ServerProcess, TemporaryDirectory } from "../support/real-server.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { TcpReplica } from "../support/tcp-replica.ts";
import { helloFor } from "../fixtures/tls-hello/build.ts";

async function bodyFor(port: number, host: string, target = "/"): Promise<string> {
  const request = `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  await using client = await ask(port, request);
  const [head = "", body = ""] = client.text.split("\r\n\r\n");
  return `${head.split(" ")[1]} ${body}`;
}

/** Whom the certificate that is shown under a name is for. */
async function subjectOf(port: number, servername: string): Promise<unknown> {
  const client = connect({ port, host: "127.0.0.1", servername, rejectUnauthorized: false });
  await once(client, "secureConnect");
  const { CN } = client.getPeerCertificate().subject;
  client.destroy();
  return CN;
}

/** An app whose first port has these labels. */
function labelled(
  id: string,
  port: number,
  labels: Readonly<Record<string, string>>,
): ReturnType<typeof app> {
  return { ...app(id, port), portDefinitions: [{ port, protocol: "tcp", labels }] };
}

test("proxymatic's command line serves every app under its reversed path, by its lowest port", async () => {
  await using first = await answering(saying("first"));
  await using second = await answering(saying("second"));
  await using marathon = await startMarathon();
  const ports = [await freePort(), await freePort()].toSorted((one, other) => one - other);
  const vhostPort = await freePort();
  marathon.putApp({
    ...app("/product/system/service", ports[1] ?? 0),
    portDefinitions: ports.toReversed().map((port) => ({ port, protocol: "tcp", labels: {} })),
  });
  const { host, health } = { host: "127.0.0.1", health: true };
  marathon.addTask("/product/system/service", { host, health, ports: [second.port, first.port] });
  await using proxy = await RunningProxy.start([], {
    MARATHON_URL: marathon.urls[0] ?? "",
    VHOST_DOMAIN: "App.Example.com",
    VHOST_PORT: String(vhostPort),
    MAX_CONNECTIONS: "100",
    GROUP_SIZE: "1",
  });
  await proxy.ready();
  assert.equal(await bodyFor(vhostPort, "service.system.product.app.example.com"), "200 first");
  assert.equal(await bodyFor(vhostPort, "SERVICE.system.product.APP.example.com.:80"), "200 first");
  assert.equal(
    await bodyFor(vhostPort, "product.system.service.app.example.com"),
    "503 unknown-host\n",
  );
  assert.equal(await bodyFor(vhostPort, "balancer", "/_status"), "200 OK\n");
  assert.equal(await proxy.metric("portolan_gateway_unknown_hosts_total", { kind: "http" }), 1);
  const requests = async (service: string, code: string): Promise<number | undefined> =>
    await proxy.metric("portolan_http_requests_total", { service, method: "GET", code });
  // The mode of its own port is tcp.
  assert.equal(await requests(`service.system.product:${ports[0]}`, "2xx"), 2);
  assert.equal(await requests(`gateway/http/${vhostPort}`, "5xx"), 1);
  assert.equal(await requests(`gateway/http/${vhostPort}`, "2xx"), 1);
  assert.match(await proxy.text("/api/table"), /"service\.system\.product\.app\.example\.com"/);
  const explained = await proxy.text("/api/explain/product/system/service");
  assert.match(explained, /"service\.system\.product\.app\.example\.com"/);
});

test("mmsd's command line serves the hosts of labels over HTTP and TLS, conflicts are told, and the log has a line each (W21)", async () => {
  await using web = await answering(saying("web"));
  await using silent = await answering(saying("silent"));
  await using passed = await TcpReplica.start((socket) => {
    socket.write("passed");
    socket.on("end", () => socket.end());
    socket.resume();
  });
  await using marathon = await startMarathon();
  const [httpPort, tlsPort] = [await freePort(), await freePort()];
  const webPort = await freePort();
  marathon.putApp(labelled("/web", webPort, { "lb-vhost": "web.test,*.web.test", proto: "http" }));
  marathon.putApp(labelled("/tls", await freePort(), { "lb-vhost-ssl": "tls.test", proto: "tcp" }));
  marathon.putApp({
    ...app("/silent", await freePort()),
    labels: { HAPROXY_0_VHOST: "silent.test", "portolan.0.access-log": "false" },
  });
  place(marathon, "/web", web.port);
  place(marathon, "/tls", passed.port);
  place(marathon, "/silent", silent.port);
  await using proxy = await RunningProxy.start([
    "--marathon-host=127.0.0.1",
    `--marathon-port=${marathon.urls[0]?.split(":").at(-1)}`,
    "--enable-gateway",
    "--gateway-bind=127.0.0.1",
    `--gateway-port-http=${httpPort}`,
    `--gateway-port-https=${tlsPort}`,
    "--access-log=json",
    // Two workers lock their address against others: other tests have others.
    "--workers=2",
    "--bind=127.0.0.6",
  ]);
  await proxy.ready();
  assert.equal(await bodyFor(httpPort, "web.test", "/path?query"), "200 web");
  assert.equal(await bodyFor(httpPort, "x.web.test"), "200 web");
  await using tls = await TcpClient.open(tlsPort);
  tls.socket.write(helloFor("tls.test"));
  await eventually(() => tls.text === "passed");
  tls.socket.destroy();

  marathon.putApp(
    labelled("/thief", await freePort(), { "lb-vhost": "web.test,*.com,thief.test" }),
  );
  place(marathon, "/thief", silent.port);
  await eventually(async () => /"host-conflict"/.test(await proxy.text("/api/problems")));
  await eventually(async () => (await bodyFor(httpPort, "thief.test")) === "200 silent");
  assert.equal(await bodyFor(httpPort, "web.test"), "200 web");
  assert.equal(await bodyFor(httpPort, "silent.test"), "200 silent");
  assert.equal(await proxy.metric("portolan_problems", { kind: "host-conflict" }), 1);

  const line = await eventually(() => proxy.log.find(({ target }) => target === "/path?query"));
  assert.deepEqual(
    [line["type"], line["service"], line["host"], line["status"], line["client"]],
    ["request", `web:${webPort}`, "web.test", 200, "127.0.0.1"],
  );
  await eventually(() => proxy.log.find(({ type }) => type === "connection"));
  proxy.signal("SIGTERM");
  assert.equal(await proxy.exit(), 0);
  assert.deepEqual(
    proxy.log.filter(({ host }) => host === "silent.test"),
    [],
  );
});

test("a name of a group that is not served here leads nowhere, over HTTP as over TLS (S05)", async () => {
  await using mine = await answering(saying("mine"));
  await using other = await TcpReplica.start(() => undefined);
  await using marathon = await startMarathon();
  const [httpPort, tlsPort] = [await freePort(), await freePort()];
  for (const [group, replica] of [
    ["mine", mine],
    ["other", other],
  ] as const) {
    const name = `${group}.test`;
    const labels = { "lb-group": group, "lb-vhost": name, "lb-vhost-ssl": name };
    marathon.putApp(labelled(`/${group}`, await freePort(), labels));
    place(marathon, `/${group}`, replica.port);
  }
  const gateway = ["--enable-gateway", "--gateway-bind=127.0.0.1"];
  const ports = [`--gateway-port-http=${httpPort}`, `--gateway-port-https=${tlsPort}`];
  await using proxy = await RunningProxy.start([
    `--marathon=${marathon.urls[0]}`,
    "--groups=mine",
    ...gateway,
    ...ports,
  ]);
  await proxy.ready();
  assert.equal(await bodyFor(httpPort, "mine.test"), "200 mine");
  assert.equal(await bodyFor(httpPort, "other.test"), "503 unknown-host\n");
  await using client = await ask(tlsPort, helloFor("other.test").toString("latin1"));
  assert.deepEqual([...client.received], [21, 3, 1, 0, 2, 2, 112]);
  assert.equal(other.sockets.length, 0);
});

test(
  "TLS ends here with certificates of a directory, which is read again on SIGHUP",
  { skip: isMissing("openssl") },
  async () => {
    await using web = await RecordingReplica.start();
    await using marathon = await startMarathon();
    using folder = new TemporaryDirectory();
    selfSigned(folder.path, "old", ["web.test"]);
    const [httpPort, tlsPort] = [await freePort(), await freePort()];
    marathon.putApp(labelled("/web", await freePort(), { "lb-vhost": "web.test" }));
    place(marathon, "/web", web.port);
    await using proxy = await RunningProxy.start([
      `--marathon=${marathon.urls[0] ?? ""}`,
      "--enable-gateway",
      "--gateway-bind=127.0.0.1",
      `--gateway-port-http=${httpPort}`,
      `--gateway-port-https=${tlsPort}`,
      `--tls-cert-dir=${folder.path}`,
    ]);
    await proxy.ready();
    const subject = (): Promise<unknown> => subjectOf(tlsPort, "web.test");
    assert.equal(await subject(), "old");
    selfSigned(folder.path, "newer", ["web.test"]);
    proxy.signal("SIGHUP");
    await eventually(async () => (await subject()) === "newer");
  },
);

test(
  "nobody takes over the TLS of a name that ends here for another app, by no claim (W21)",
  { skip: isMissing("openssl") },
  async () => {
    await using web = await answering(saying("web"));
    await using thief = await TcpReplica.start((socket) => void socket.destroy());
    await using marathon = await startMarathon();
    using folder = new TemporaryDirectory();
    selfSigned(folder.path, "web", ["shop.example.com"]);
    const [httpPort, tlsPort] = [await freePort(), await freePort()];
    const vhost = { HAPROXY_0_VHOST: "shop.example.com" };
    marathon.putApp({ ...app("/web", await freePort()), labels: vhost });
    place(marathon, "/web", web.port);
    await using proxy = await RunningProxy.start([
      `--marathon=${marathon.urls[0] ?? ""}`,
      "--enable-gateway",
      "--gateway-bind=127.0.0.1",
      `--gateway-port-http=${httpPort}`,
      `--gateway-port-https=${tlsPort}`,
      `--tls-cert-dir=${folder.path}`,
    ]);
    await proxy.ready();
    assert.equal(await subjectOf(tlsPort, "shop.example.com"), "web");
    const names = "shop.example.com,*.example.com,thief.test";
    const labels = { "portolan.0.tls-hosts": names };
    marathon.putApp({ ...app("/thief", await freePort()), labels });
    place(marathon, "/thief", thief.port);
    await eventually(async () => /"thief\.test"/.test(await proxy.text("/api/table")));
    await eventually(async () => {
      await using client = await ask(tlsPort, helloFor("thief.test").toString("latin1"));
      return client.received.length === 0;
    });
    assert.equal(await subjectOf(tlsPort, "shop.example.com"), "web");
    const problems = await proxy.text("/api/problems");
    assert.match(problems, /TLS host shop\.example\.com ends here, for \/web/);

    // The certificate goes, and with it what the name was kept for.
    rmSync(join(folder.path, "web.crt"));
    proxy.signal("SIGHUP");
    await eventually(async () => !/host-conflict/.test(await proxy.text("/api/problems")));
  },
);

test(
  "behind HAProxy that speaks PROXY protocol, either version of it, the replica learns of the client, by HTTP and by TLS that ends here",
  { skip: isMissing("haproxy") || isMissing("openssl") },
  async () => {
    await using web = await RecordingReplica.start();
    await using marathon = await startMarathon();
    using folder = new TemporaryDirectory();
    selfSigned(folder.path, "web", ["web.d.test"]);
    const [vhostPort, httpPort, tlsPort] = [await freePort(), await freePort(), await freePort()];
    marathon.putApp(app("/web", await freePort()));
    place(marathon, "/web", web.port);
    const gateway = ["--enable-gateway", "--gateway-bind=127.0.0.1"];
    const ports = [`--gateway-port-http=${httpPort}`, `--gateway-port-https=${tlsPort}`];
    // As in proxymatic: who may send headers need not be said.
    await using proxy = await RunningProxy.start(
      [...gateway, ...ports, `--tls-cert-dir=${folder.path}`],
      {
        MARATHON_URL: marathon.urls[0] ?? "",
        VHOST_DOMAIN: "d.test",
        VHOST_PORT: String(vhostPort),
        PROXY_PROTOCOL: "true",
      },
    );
    await proxy.ready();
    const fronts: { readonly port: number; readonly isSecure: boolean }[] = [];
    let listens = "";
    for (const version of ["send-proxy", "send-proxy-v2"]) {
      for (const [isSecure, to] of [
        [false, vhostPort],
        [true, tlsPort],
      ] as const) {
        const port = await freePort();
        fronts.push({ port, isSecure });
        listens += `listen l${port}
  bind 127.0.0.1:${port}
  source 127.0.0.9
  server gateway 127.0.0.1:${to} ${version}
`;
      }
    }
    const timeouts = "timeout connect 3s\n  timeout client 10s\n  timeout server 10s";
    const file = folder.write("haproxy.cfg", `defaults\n  mode tcp\n  ${timeouts}\n${listens}`);
    await using haproxy = new ServerProcess("haproxy", ["-db", "-f", file]);
    const request = "GET / HTTP/1.1\r\nHost: web.d.test\r\nConnection: close\r\n\r\n";
    const askBy = { false: ask, true: askSecurely } as const;
    for (const { port, isSecure } of fronts) {
      const client = await eventually(
        () => askBy[`${isSecure}`](port, request).catch(() => undefined),
        { what: haproxy.output },
      );
      assert.match(client.text, /^HTTP\/1\.1 200 /);
      const [forwarded = ""] = web.requests.slice(-1);
      assert.match(forwarded, /\r\nX-Forwarded-For: 127\.0\.0\.1\r\n/);
      assert.ok(forwarded.includes(`\r\nX-Forwarded-Proto: ${isSecure ? "https" : "http"}\r\n`));
    }
    assert.equal(web.requests.length, fronts.length);
    assert.doesNotMatch(web.text, /127\.0\.0\.9/);
  },
);

/** What a client gets over TLS for a request under the name of the apps' domain. */
async function askSecurely(port: number, request: string): Promise<{ readonly text: string }> {
  const options = { port, host: "127.0.0.1", servername: "web.d.test" };
  const client = connect({ ...options, rejectUnauthorized: false });
  await once(client, "secureConnect");
  client.write(request);
  const pieces = await client.toArray();
  return { text: Buffer.concat(pieces).toString("latin1") };
}
