import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parseAllDocuments } from "yaml";
import { at, document, listAt, read } from "./documents.ts";

/** What a container may do, whichever way a file says so. */
interface Confinement {
  readonly readOnly: boolean;
  readonly dropped: readonly string[];
  readonly added: readonly string[];
  readonly newPrivileges: boolean;
  /** undefined where the image decides: user 10001. */
  readonly user: string | undefined;
}

const words = (read("README.md").split("docker run -d")[1]?.split("```")[0] ?? "").split(/[\s\\]+/);

/** The value behind every one of these options on a command line. */
function given(line: readonly string[], option: string): string[] {
  return line.flatMap((word, index) => (word === option ? [line[index + 1] ?? ""] : []));
}

function ofLine(line: readonly string[]): Confinement {
  return {
    readOnly: line.includes("--read-only") && !line.includes("--privileged"),
    dropped: given(line, "--cap-drop"),
    added: given(line, "--cap-add"),
    newPrivileges: !given(line, "--security-opt").includes("no-new-privileges"),
    user: given(line, "--user")[0],
  };
}

function ofCompose(file: string): Confinement {
  const service = at(document(file), "services", "portolan");
  const user = at(service, "user");
  return {
    readOnly: at(service, "read_only") === true && at(service, "privileged") === undefined,
    dropped: listAt(service, "cap_drop").map(String),
    added: listAt(service, "cap_add").map(String),
    newPrivileges: !listAt(service, "security_opt").includes("no-new-privileges"),
    user: typeof user === "string" ? user : undefined,
  };
}

/** Marathon's parameters are Docker's options. */
function marathonLine(): string[] {
  const parameters = listAt(
    document("marathon/portolan.json"),
    "container",
    "docker",
    "parameters",
  );
  return parameters.flatMap((one) => [`--${String(at(one, "key"))}`, String(at(one, "value"))]);
}

function ofKubernetes(): Confinement {
  const daemonSet: unknown = parseAllDocuments(read("kubernetes/daemonset.yaml"))[1]?.toJS();
  const pod = at(daemonSet, "spec", "template", "spec");
  const own = at(pod, "containers", 0, "securityContext");
  return {
    readOnly: at(own, "readOnlyRootFilesystem") === true,
    dropped: listAt(own, "capabilities", "drop").map(String),
    added: listAt(own, "capabilities", "add").map(String),
    newPrivileges: at(own, "allowPrivilegeEscalation") !== false,
    user: `${String(at(pod, "securityContext", "runAsUser"))}:${String(at(pod, "securityContext", "runAsGroup"))}`,
  };
}

function ofNomad(): Confinement {
  const text = read("nomad/portolan.nomad.hcl");
  const listed = (name: string): string[] =>
    [
      ...(new RegExp(`${name}\\s*=\\s*\\[(.*)\\]`).exec(text)?.[1] ?? "").matchAll(/"([^"]+)"/g),
    ].map(([, word = ""]) => word.toUpperCase());
  return {
    readOnly: /readonly_rootfs\s*=\s*true/.test(text) && !/privileged\s*=\s*true/.test(text),
    dropped: listed("cap_drop"),
    added: listed("cap_add"),
    newPrivileges: !listed("security_opt").includes("NO-NEW-PRIVILEGES"),
    user: /user\s*=\s*"([^"]+)"/.exec(text)?.[1],
  };
}

const confinements: Readonly<Record<string, () => Confinement>> = {
  "README.md": () => ofLine(words),
  "compose.yml": () => ofCompose("compose.yml"),
  "compose.mesos.yml": () => ofCompose("compose.mesos.yml"),
  "marathon/portolan.json": () => ofLine(marathonLine()),
  "kubernetes/daemonset.yaml": ofKubernetes,
  "nomad/portolan.nomad.hcl": ofNomad,
};

suite("no deployment gives more rights than it takes (D07)", () => {
  for (const [file, confinementOf] of Object.entries(confinements)) {
    test(`${file}: nothing to write, no way to more rights, at most the one for low ports`, () => {
      const { readOnly, dropped, added, newPrivileges, user } = confinementOf();
      assert.ok(readOnly);
      assert.deepEqual(dropped, ["ALL"]);
      assert.equal(newPrivileges, false);
      // Root's name is of use only together with the right that it is there for.
      const isRoot = user?.startsWith("0") ?? false;
      assert.deepEqual(added, isRoot ? ["NET_BIND_SERVICE"] : []);
    });
  }

  test("the image's own user has no rights and no name", () => {
    assert.match(read("Dockerfile"), /^USER 10001:10001$/m);
  });

  test("memory, which holds credentials, is never dumped", () => {
    assert.ok(given(words, "--ulimit").includes("core=0"));
    assert.ok(given(marathonLine(), "--ulimit").includes("core=0"));
    assert.match(read("nomad/portolan.nomad.hcl"), /core\s*=\s*"0:0"/);
    assert.match(read("systemd/portolan.service"), /^LimitCORE=0$/m);
  });

  test("the unit has one right and writes nothing", () => {
    const unit = read("systemd/portolan.service");
    for (const line of [
      "DynamicUser=yes",
      "AmbientCapabilities=CAP_NET_BIND_SERVICE",
      "CapabilityBoundingSet=CAP_NET_BIND_SERVICE",
      "NoNewPrivileges=yes",
      "ProtectSystem=strict",
      "ProtectHome=yes",
      "SystemCallFilter=@system-service",
    ]) {
      assert.ok(unit.split("\n").includes(line), line);
    }
  });
});
