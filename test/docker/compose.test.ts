import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { suite, test } from "node:test";
import { at, document, entriesAt, listAt } from "./documents.ts";

const folder = new URL("../../docker/", import.meta.url);

const stacks = {
  "compose.yml": ["portolan", "redis", "prometheus", "grafana"],
  "compose.mesos.yml": [
    "zookeeper",
    "mesos-master",
    "mesos-agent",
    "marathon",
    "chronos",
    "portolan",
    "submit",
  ],
};

/** The command that can read a compose file: the plugin, or the program of old. */
const compose = [["docker", "compose"], ["docker-compose"]].find(
  ([program = "", ...args]) => spawnSync(program, [...args, "version"]).status === 0,
);

for (const [file, names] of Object.entries(stacks)) {
  const stack = document(file);
  const services = entriesAt(stack, "services");

  suite(file, () => {
    test("has the parts it promises, each from an image of an exact version", () => {
      assert.deepEqual(
        services.map(([name]) => name),
        names,
      );
      for (const [name, service] of services) {
        const image = String(at(service, "image"));
        if (at(service, "build") === undefined) assert.match(image, /^[\w./-]+:v?\d+\.\d+/, name);
        else assert.equal(at(service, "build", "dockerfile"), "docker/Dockerfile");
      }
    });

    test("refers only to services and files that are there", () => {
      for (const [name, service] of services) {
        for (const other of listAt(service, "depends_on")) {
          assert.ok(names.includes(String(other)), `${name} depends on ${String(other)}`);
        }
        for (const volume of listAt(service, "volumes")) {
          const [path = ""] = String(volume).split(":");
          if (path.startsWith("/")) continue;
          assert.ok(existsSync(new URL(path, folder)), `${name} mounts ${path}`);
          assert.match(String(volume), /:ro$/);
        }
      }
    });

    test("opens nothing to other machines, and no port twice", () => {
      const ports = services.flatMap(([, service]) => listAt(service, "ports").map(String));
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:\d/);
      assert.equal(new Set(ports.map((port) => port.split(":")[1])).size, ports.length);
    });

    test("runs portolan with the least rights and time to drain", () => {
      const portolan = at(stack, "services", "portolan");
      assert.equal(at(portolan, "read_only"), true);
      assert.deepEqual(at(portolan, "cap_drop"), ["ALL"]);
      assert.deepEqual(at(portolan, "security_opt"), ["no-new-privileges"]);
      assert.equal(at(portolan, "stop_grace_period"), "45s");
    });

    test(
      "is understood by Docker Compose",
      { skip: compose === undefined ? "needs Debian's package docker-compose" : false },
      () => {
        const [program = "", ...args] = compose ?? [];
        const { status, stderr } = spawnSync(program, [...args, "--file", file, "config"], {
          cwd: folder,
          encoding: "utf8",
          timeout: 60_000,
        });
        assert.equal(status, 0, stderr);
      },
    );
  });
}

test("the web app that the Mesos stack starts is the one that its description promises", () => {
  const webapp = document("marathon/webapp.json");
  const [submit] = listAt(at(document("compose.mesos.yml"), "services", "submit"), "command").slice(
    -1,
  );
  assert.equal(submit, `http://127.0.0.1:8080/v2/apps${String(at(webapp, "id"))}`);
  assert.equal(at(webapp, "container", "portMappings", 0, "servicePort"), 1234);
});
