import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";

import { AnswerError, toAnswerError } from "../../../../src/discovery/answer-error.ts";
import { Credentials } from "../../../../src/discovery/marathon/credentials.ts";
import {
  apiUrl,
  memberAt,
  redirectTarget,
  toMembers,
} from "../../../../src/discovery/marathon/members.ts";

function membersOf(...urls: readonly string[]) {
  return toMembers(urls.map((url) => new URL(url)));
}

suite("a configured member", () => {
  const rows: readonly { readonly given: string; readonly shown: string; readonly api: string }[] =
    [
      {
        given: "http://m1:8080",
        shown: "http://m1:8080",
        api: "http://m1:8080/v2/apps?embed=apps.tasks",
      },
      {
        given: "http://m1:8080/",
        shown: "http://m1:8080",
        api: "http://m1:8080/v2/apps?embed=apps.tasks",
      },
      {
        given: "https://h/service/m/",
        shown: "https://h/service/m",
        api: "https://h/service/m/v2/apps?embed=apps.tasks",
      },
      {
        given: "http://u:p%40s@m1/?x=1#y",
        shown: "http://m1",
        api: "http://m1/v2/apps?embed=apps.tasks",
      },
      {
        given: "http://[::1]:8080",
        shown: "http://[::1]:8080",
        api: "http://[::1]:8080/v2/apps?embed=apps.tasks",
      },
    ];
  for (const { given, shown, api } of rows) {
    test(given, () => {
      const [member] = membersOf(given);
      assert.equal(member.shown, shown);
      assert.equal(
        apiUrl(member, "/v2/apps", new URLSearchParams({ embed: "apps.tasks" })).href,
        api,
      );
    });
  }

  test("keeps its userinfo apart, decoded", () => {
    assert.equal(membersOf("http://u:p%40s@m1")[0].login, "u:p@s");
    assert.equal(membersOf("http://u:50%@m1")[0].login, "u:50%");
    assert.equal(membersOf("http://m1")[0].login, undefined);
  });

  test("must be http or https, and there must be one", () => {
    assert.throws(() => membersOf("ftp://m1"), TypeError);
    assert.throws(() => membersOf(), TypeError);
  });

  test("is found by host and port first, then by host", () => {
    const members = membersOf("http://m1:8080", "http://m1:9090", "http://m2");
    assert.equal(memberAt(members, new URL("http://m1:9090/x")), members[1]);
    assert.equal(memberAt(members, new URL("http://m1:7070/x")), members[0]);
    assert.equal(memberAt(members, new URL("http://m3/x")), undefined);
    assert.equal(memberAt(members, new URL("http://m1.evil.example/x")), undefined);
  });
});

suite("a redirect", () => {
  const from = new URL("https://m1/v2/events?a=b");
  const rows: readonly {
    readonly location: string | undefined;
    readonly want: string | undefined;
  }[] = [
    { location: "https://m2/v2/events?a=b", want: "https://m2/v2/events?a=b" },
    { location: "/elsewhere", want: "https://m1/elsewhere" },
    { location: "https://u:p@m2/#x", want: "https://m2/" },
    { location: "http://m2/", want: undefined },
    { location: "file:///etc/passwd", want: undefined },
    { location: "https://", want: undefined },
    { location: undefined, want: undefined },
  ];
  for (const { location, want } of rows) {
    test(String(location), () => assert.equal(redirectTarget(from, location)?.href, want));
  }
});

suite("credentials", () => {
  const members = membersOf("http://ann:secret@m1:8080", "http://m2:8080");
  const [first] = members;

  test("of the URL go to configured hosts only", async () => {
    const credentials = new Credentials(members, undefined);
    const basic = `Basic ${Buffer.from("ann:secret").toString("base64")}`;
    assert.equal(await credentials.headerFor(new URL("http://m1:8080/v2/apps"), first), basic);
    assert.equal(await credentials.headerFor(new URL("http://m2:8080/v2/events"), first), basic);
    assert.equal(
      await credentials.headerFor(new URL("http://evil:8080/v2/events"), first),
      undefined,
    );
  });

  const rows: readonly { readonly file: string; readonly want: string | undefined }[] = [
    { file: "user:pass word\n", want: `Basic ${Buffer.from("user:pass word").toString("base64")}` },
    { file: "token=eyJ0:x\n", want: "token=eyJ0:x" },
    { file: "Bearer abc\n", want: "Bearer abc" },
    { file: "Basic dTpw\n", want: "Basic dTpw" },
    { file: "", want: undefined },
    { file: "a:b\r\nX-Evil: 1", want: undefined },
    { file: "ü:b", want: `Basic ${Buffer.from("ü:b").toString("base64")}` },
    { file: "Bearer ü", want: undefined },
  ];
  for (const { file, want } of rows) {
    test(`of a file with ${JSON.stringify(file)}`, async () => {
      const folder = await mkdtemp(join(tmpdir(), "auth-"));
      try {
        const path = join(folder, "auth");
        await writeFile(path, file);
        const header = new Credentials(members, path).headerFor(new URL("http://m2:8080"), first);
        if (want === undefined) await assert.rejects(header, { code: "credentials" });
        else assert.equal(await header, want);
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  }

  test("of a file that is missing are an error that names no content", async () => {
    const header = new Credentials(members, "/nowhere/auth").headerFor(
      new URL("http://m1:8080"),
      first,
    );
    await assert.rejects(header, {
      code: "credentials",
      message: "credentials: the auth file cannot be read",
    });
  });
});

suite("an error of the HTTP client", () => {
  const rows: readonly { readonly code: string; readonly want: string }[] = [
    { code: "ECONNREFUSED", want: "connect" },
    { code: "ENOTFOUND", want: "connect" },
    { code: "UND_ERR_CONNECT_TIMEOUT", want: "timeout" },
    { code: "UND_ERR_SOCKET", want: "reset" },
    { code: "UND_ERR_HEADERS_OVERFLOW", want: "protocol" },
    { code: "UND_ERR_RES_EXCEEDED_MAX_SIZE", want: "too-large" },
  ];
  for (const { code, want } of rows) {
    test(code, () => {
      const error = toAnswerError(Object.assign(new Error("x"), { code }));
      assert.equal(error.code, want);
      assert.equal(error.message, `${want}: x ${code}`);
    });
  }

  test("that is no error at all is still an answer error", () => {
    assert.equal(toAnswerError(undefined).code, "connect");
    const own = new AnswerError("status", "http 500");
    assert.equal(toAnswerError(own), own);
  });
});
