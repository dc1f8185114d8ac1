import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import type { TLSSocket } from "node:tls";

import type { MarathonSourceOptions } from "../../src/discovery/marathon/marathon-source.ts";
import { keepingLogger, marathonSource, RunningSource } from "../support/running-source.ts";
import { app, json, ScriptedMarathon, until } from "../support/scripted-marathon.ts";

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
const skip = hasOpenssl ? false : "openssl is not installed (Debian package openssl)";
const folder = mkdtempSync(join(tmpdir(), "tls-"));
after(() => rmSync(folder, { recursive: true }));

interface Pair {
  readonly cert: string;
  readonly key: string;
}

function openssl(...args: readonly string[]): void {
  execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
}

function read(file: string): string {
  return readFileSync(join(folder, file), "utf8");
}

/** A new key and a certificate for `name`, signed by itself or by an authority made before. */
function issue(
  name: string,
  options: { readonly by?: string; readonly san?: string; readonly days?: number },
): Pair {
  const { by, san, days = 2 } = options;
  const extensions = san === undefined ? [] : ["-addext", `subjectAltName=${san}`];
  const key = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-keyout",
    `${name}.key`,
  ];
  openssl("req", ...key, "-subj", `/CN=${name}`, ...extensions, "-out", `${name}.csr`);
  const signer =
    by === undefined
      ? ["-signkey", `${name}.key`]
      : ["-CA", `${by}.pem`, "-CAkey", `${by}.key`, "-CAcreateserial"];
  openssl(
    "x509",
    "-req",
    "-in",
    `${name}.csr`,
    ...signer,
    "-days",
    String(days),
    "-copy_extensions",
    "copy",
    "-out",
    `${name}.pem`,
  );
  return { cert: read(`${name}.pem`), key: read(`${name}.key`) };
}

function authority(name: string): string {
  const key = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-keyout",
    `${name}.key`,
  ];
  openssl("req", "-x509", ...key, "-days", "2", "-subj", `/CN=${name}`, "-out", `${name}.pem`);
  return read(`${name}.pem`);
}

suite("Marathon over https", { skip }, () => {
  const san = "IP:127.0.0.1";
  const ca = hasOpenssl ? authority("ca") : "";
  const foreignCa = hasOpenssl ? authority("foreign") : "";
  const apps = [app("/a", 80, [31_000])];

  test("is read and listened to, trusting an authority of its own", async () => {
    await using marathon = await ScriptedMarathon.start(apps, issue("good", { by: "ca", san }));
    await using running = new RunningSource(
      marathonSource([new URL("/service/marathon", marathon.url)], { ca }),
    );
    await running.have(1);
    await until(() => marathon.streams === 1);
    assert.deepEqual(running.routes, ["/a:80 127.0.0.1:31000 up"]);
    assert.deepEqual(marathon.requests.map(({ path }) => path).toSorted(), [
      "/service/marathon/v2/apps",
      "/service/marathon/v2/events",
    ]);
  });

  const refusals: readonly {
    readonly name: string;
    readonly server: () => Parameters<typeof ScriptedMarathon.start>[1];
    readonly options: Partial<MarathonSourceOptions>;
    readonly reason: RegExp;
  }[] = [
    {
      name: "of another authority",
      server: () => issue("other", { by: "foreign", san }),
      options: { ca },
      reason: /UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER/,
    },
    {
      name: "of an authority that only the test knows",
      server: () => issue("unknown", { by: "ca", san }),
      options: {},
      reason: /UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER/,
    },
    {
      name: "signed by itself",
      server: () => issue("self", { san }),
      options: { ca },
      reason: /DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED/,
    },
    {
      name: "that has expired",
      server: () => issue("expired", { by: "ca", san, days: -1 }),
      options: { ca },
      reason: /CERT_HAS_EXPIRED/,
    },
    {
      name: "for another name",
      server: () => issue("named", { by: "ca", san: "DNS:marathon.example" }),
      options: { ca },
      reason: /ERR_TLS_CERT_ALTNAME_INVALID/,
    },
    {
      name: "over a TLS that nobody should speak",
      server: () => ({
        ...issue("old", { by: "ca", san }),
        minVersion: "TLSv1",
        maxVersion: "TLSv1.1",
        ciphers: "DEFAULT@SECLEVEL=0",
      }),
      options: { ca },
      reason: /ERR_SSL|protocol version|alert/i,
    },
  ];
  for (const { name, server, options, reason } of refusals) {
    test(`is refused with a certificate ${name}, and never asked in plain (M22)`, async () => {
      await using marathon = await ScriptedMarathon.start(apps, server());
      const source = marathonSource([marathon.url], options);
      await using running = new RunningSource(source);
      await until(() => source.status().failures > 1);
      assert.equal(running.states.length, 0);
      assert.equal(marathon.requests.length, 0);
      assert.match(source.status().lastError ?? "", reason);
    });
  }

  test("gets our certificate when it asks for one", async () => {
    const server = { ...issue("asking", { by: "ca", san }), ca: foreignCa, requestCert: true };
    await using marathon = await ScriptedMarathon.start(apps, server);
    const seen: string[] = [];
    marathon.onApi = (request, response) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server is an https server
      const socket = request.socket as TLSSocket;
      seen.push(String(socket.getPeerCertificate().subject.CN));
      json(response, { apps });
    };
    const { cert, key } = issue("client", { by: "foreign" });
    const mutual = marathonSource([marathon.url], { ca, certificate: cert, key });
    await using running = new RunningSource(mutual);
    await running.have(1);
    assert.deepEqual(seen, ["client"]);

    const nameless = marathonSource([marathon.url], { ca });
    await using refused = new RunningSource(nameless);
    await until(() => nameless.status().failures > 0);
    assert.equal(refused.states.length, 0);
  });
});

suite("Marathon over https, with its authorities in a file", { skip }, () => {
  const san = "IP:127.0.0.1";
  const authorities = hasOpenssl ? authority("rotated") : "";
  const apps = [app("/a", 80, [31_000])];

  test("is trusted after the file of the authorities has been renewed, without a restart (M23)", async () => {
    await using marathon = await ScriptedMarathon.start(
      apps,
      issue("renewed", { by: "rotated", san }),
    );
    const file = join(folder, "authorities.pem");
    writeFileSync(file, authority("retired"));
    const source = marathonSource([marathon.url], { ca: { file } });
    await using running = new RunningSource(source);
    await until(() => source.status().failures > 0);
    assert.equal(marathon.requests.length, 0);
    writeFileSync(file, authorities);
    source.resync();
    await running.have(1);
    await until(() => marathon.streams === 1);
    rmSync(file);
    source.resync();
    await until(() => source.status().syncs > 1);
  });

  test("is not asked while the file of the authorities was never there, and the reason is told", async () => {
    await using marathon = await ScriptedMarathon.start(
      apps,
      issue("untrusted", { by: "rotated", san }),
    );
    const ca = { file: join(folder, "missing.pem") };
    const source = marathonSource([marathon.url], { ca });
    await using running = new RunningSource(source);
    await until(() => source.status().failures > 0);
    assert.match(source.status().lastError ?? "", /credentials: a TLS file cannot be read/);
    assert.deepEqual([marathon.requests.length, running.states.length], [0, 0]);
  });
});

suite("credentials from a file", () => {
  const file = join(folder, "token");

  test("that are renewed while they are refused are used at once, for the list and for the stream", async () => {
    writeFileSync(file, "token=old");
    const lines: string[] = [];
    await using marathon = await ScriptedMarathon.start([]);
    const refuseOld = (respond: ScriptedMarathon["onApi"]): ScriptedMarathon["onApi"] => {
      return (request, response) => {
        // Both requests write it, and one must not see the other's half.
        writeFileSync(`${file}.draft`, "token=new");
        renameSync(`${file}.draft`, file);
        if (request.headers.authorization === "token=new") respond(request, response);
        else json(response, { message: "who are you" }, 401);
      };
    };
    marathon.onApi = refuseOld(marathon.onApi);
    marathon.onEvents = refuseOld(marathon.onEvents);
    const source = marathonSource([marathon.url], { authFile: file, logger: keepingLogger(lines) });
    await using running = new RunningSource(source);
    await running.have(1);
    await until(() => marathon.streams === 1);
    assert.equal(source.status().failures, 0);
    assert.doesNotMatch(lines.join(), /token=/);
  });

  test("that stay as they are are not tried twice", async () => {
    writeFileSync(file, "token=old");
    await using marathon = await ScriptedMarathon.start();
    const failuresAtRequest: number[] = [];
    const source = marathonSource([marathon.url], { authFile: file });
    marathon.onApi = (_request, response) => {
      failuresAtRequest.push(source.status().failures);
      json(response, {}, 401);
    };
    await using running = new RunningSource(source);
    await until(() => failuresAtRequest.length >= 3);
    assert.deepEqual(failuresAtRequest.slice(0, 3), [0, 1, 2]);
    assert.equal(running.states.length, 0);
  });
});
