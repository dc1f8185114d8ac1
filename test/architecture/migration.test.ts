import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { retiredOptions } from "../../src/config/retired-options.ts";

const page = readFileSync(new URL("../../docker/MIGRATION.md", import.meta.url), "utf8");

/** What stands below a heading of the second level. */
function chapter(name: string): string {
  return page.split(/^## /m).find((part) => part.startsWith(`From ${name}\n`)) ?? "";
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

/** Every flag, variable, label and path that users of the three know: each is to be told what becomes of it. */
const names: Readonly<Record<string, readonly string[]>> = {
  proxymatic: words(`
    --marathon MARATHON_URL --marathon-callback MARATHON_CALLBACK_URL --registrator REGISTRATOR_URL --refresh-interval
    REFRESH_INTERVAL --expose-host EXPOSE_HOST --status-endpoint STATUS_ENDPOINT --group-size GROUP_SIZE --max-connections
    MAX_CONNECTIONS --pen-servers --pen-clients --haproxy --vhost-domain --vhost-port --proxy-protocol --verbose
    servicePort weight maxconn mode timeout.client timeout.server /haproxy?stats`),
  mmsd: words(`
    --verbose --version --marathon-ip --marathon-host --marathon-port --reconnect-delay --run-state-dir --filter-groups --groups
    --bind-ip --api-port --enable-gateway --gateway-bind --gateway-port-http --gateway-port-https --enable-files --enable-udp
    --enable-tcp --enable-health-checks --haproxy-bin --haproxy-cfgtail --haproxy-port --haproxy-reload-interval
    --haproxy-syslog-facility --haproxy-before-cmd --haproxy-after-cmd --haproxy-enable-reuse-socket --haproxy-bind --managed-ip
    --enable-dns --dns-port --dns-basename --dns-ttl --dns-push-srv
    proto lb-group lb-accept-proxy lb-proxy-protocol lb-vhost lb-vhost-default lb-vhost-ssl lb-vhost-ssl-default
    lb-vhost-default-ssl disable-haproxy-health-check http-connection-mode haproxy-logging lb-mode redis redis-master
    redis-server redis-slave smtp multicast /v1/*`),
  "marathon-lb": words(`
    --marathon --group --haproxy-config --command --max-reload-retries --reload-interval --strict-mode --sse --archive-versions
    --health-check --lru-cache-capacity --haproxy-map --dont-bind-http-https --group-https-by-vhost --ssl-certs
    --skip-validation --skip-config-cleanup --dry --min-serv-port-ip-per-task --max-serv-port-ip-per-task --max-backoff
    --marathon-auth-credential-file --auth-credentials --dcos-auth-credentials --marathon-ca-cert PORTS HAPROXY_SSL_CERT
    HAPROXY_SYSCTL_PARAMS POLL_INTERVAL MARATHON_USER HAPROXY_GLOBAL_DEFAULT_OPTIONS HAPROXY_SYSLOGD
    HAPROXY_GROUP HAPROXY_<N>_GROUP HAPROXY_<N>_ENABLED HAPROXY_<N>_PORT HAPROXY_<N>_MODE HAPROXY_<N>_BALANCE
    HAPROXY_<N>_BIND_ADDR HAPROXY_<N>_VHOST HAPROXY_<N>_PATH HAPROXY_<N>_STICKY HAPROXY_<N>_BACKEND_NETWORK_ALLOWED_ACL
    HAPROXY_<N>_BACKEND_HEALTHCHECK_PORT_INDEX HAPROXY_<N>_BACKEND_WEIGHT HAPROXY_<N>_SSL_CERT HAPROXY_<N>_BIND_OPTIONS
    HAPROXY_<N>_REDIRECT_TO_HTTPS HAPROXY_<N>_USE_HSTS HAPROXY_<N>_AUTH HAPROXY_<N>_HTTP_BACKEND_PROXYPASS_PATH _REVPROXY_PATH
    _REDIR HAPROXY_DEPLOYMENT_GROUP _ALT_PORT _COLOUR _STARTED_AT _TARGET_INSTANCES _NEW_INSTANCES zdd.py FRONTEND_HEAD
    BACKEND_SERVER_OPTIONS /haproxy?stats /_haproxy_health_check /_haproxy_getconfig /_haproxy_getvhostmap
    /_haproxy_getappmap /_haproxy_getpids /_mlb_signal/hup /_mlb_signal/usr1 X-Marathon-App-Id`),
};

for (const [peer, known] of Object.entries(names)) {
  test(`whoever comes from ${peer} is told of everything it has`, () => {
    const text = chapter(peer);
    // A longer name does not stand for a shorter one.
    const isTold = (name: string): boolean =>
      text.split(name).some((_part, index, parts) => {
        const next = parts[index + 1];
        return next !== undefined && !/^[\w-]/.test(next);
      });
    assert.deepEqual(
      known.filter((name) => !isTold(name)),
      [],
    );
  });
}

test("every option that is accepted and ignored is named as one", () => {
  for (const { flag } of retiredOptions) assert.ok(page.includes(`--${flag}`), flag);
});
