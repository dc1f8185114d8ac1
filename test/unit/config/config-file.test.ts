import assert from "node:assert/strict";
import { suite, test } from "node:test";
import * as fc from "fast-check";
import { readConfigFile } from "../../../src/config/config-file.ts";
import { camelCase, options, settingNames } from "../../../src/config/options.ts";

function valuesOf(text: string): Record<string, unknown> {
  const { values, problems } = readConfigFile("p.yaml", text);
  assert.deepEqual(problems, []);
  return Object.fromEntries([...values].map(([name, { raw }]) => [name, raw]));
}

function problemsOf(text: string): readonly string[] {
  return readConfigFile("p.yaml", text).problems;
}

const accepted: readonly { readonly name: string; readonly text: string; readonly want: object }[] =
  [
    {
      name: "YAML in kebab case",
      text: "max-connections: 5\nlog-level: warn",
      want: { maxConnections: 5, logLevel: "warn" },
    },
    {
      name: "YAML in camel case",
      text: "maxConnections: 5\nlogLevel: warn",
      want: { maxConnections: 5, logLevel: "warn" },
    },
    { name: "JSON", text: '{"workers": 2, "verbose": true}', want: { workers: 2, verbose: true } },
    {
      name: "JSON indented by tabs",
      text: '{\n\t"workers": 2,\n\t"bind": ["::1"]\n}',
      want: { workers: 2, bind: ["::1"] },
    },
    { name: "an empty file", text: "", want: {} },
    { name: "only comments", text: "# nothing\n", want: {} },
    { name: "an empty value, as if not written", text: "workers:\nverbose: null", want: {} },
    {
      name: "an endpoint without quotes",
      text: "status-endpoint: 0.0.0.0:9090",
      want: { statusEndpoint: "0.0.0.0:9090" },
    },
  ];

for (const { name, text, want } of accepted)
  test(`reads ${name}`, () => assert.deepEqual(valuesOf(text), want));

for (const name of settingNames.filter((candidate) => options[candidate].notInFile !== true)) {
  test(`knows ${options[name].flag} in both spellings`, () => {
    for (const key of [options[name].flag, camelCase(options[name].flag)]) {
      assert.deepEqual(valuesOf(`{"${key}": "x"}`), { [name]: "x" });
    }
  });
}

suite("problems", () => {
  const rows = [
    ["wokers: 3", ["p.yaml: wokers: unknown option (did you mean workers?)"]],
    ["zebra: 3", ["p.yaml: zebra: unknown option"]],
    ["__proto__: 3", ["p.yaml: __proto__: unknown option"]],
    ["1: 3", ["p.yaml: 1: unknown option"]],
    ["config: x", ["p.yaml: config: cannot be set in the file itself"]],
    [
      "log-level: info\nlogLevel: warn",
      ["p.yaml: logLevel: the same setting as log-level; keep one of them"],
    ],
    ["workers: 1\nworkers: 2", ["p.yaml: Map keys must be unique at line 2, column 1"]],
    ["- workers", ["p.yaml: a list is not a map of options to values"]],
    ["workers", ['p.yaml: "workers" is not a map of options to values']],
    ["a: 1\n---\nb: 2", [/multiple documents/]],
    ["x".repeat(1024 * 1024 + 1), ["p.yaml: larger than 1 MiB"]],
  ] as const;
  for (const [text, want] of rows) {
    test(`of ${JSON.stringify(text.slice(0, 40))}`, () => {
      const problems = problemsOf(text);
      assert.equal(problems.length, want.length);
      for (const [index, expected] of want.entries()) {
        if (typeof expected === "string") assert.equal(problems[index], expected);
        else assert.match(problems[index] ?? "", expected);
      }
    });
  }

  test("of syntax say where and do not quote the file, which may hold a password", () => {
    const problems = problemsOf("marathon: http://me:hunter2@m1\n  workers: {");
    assert.ok(problems.length > 0 && problems.length <= 5);
    for (const problem of problems) {
      assert.match(problem, /^p\.yaml: .* at line \d+, column \d+$/);
      assert.doesNotMatch(problem, /hunter2/);
    }
  });

  test("of aliases that expand without end", () => {
    const lines = ["a: &a [x, x, x, x, x, x, x, x, x]"];
    for (const [from, to] of ["ab", "bc", "cd", "de", "ef"]) {
      lines.push(`${to}: &${to} [${Array.from({ length: 9 }, () => `*${from}`).join(", ")}]`);
    }
    assert.deepEqual(problemsOf(lines.join("\n")), ["p.yaml: too many aliases"]);
  });

  test("of a key that is a secret in the wrong place do not show it", () => {
    assert.doesNotMatch(problemsOf('{"http://me:hunter2@m1": 1}').join(), /hunter2/);
  });
});

test("never throws, whatever the file holds", () => {
  const pieces = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ":",
    " ",
    "\n",
    "- ",
    "&a",
    "*a",
    "!!x ",
    "|",
    "'",
    '"',
    "workers",
    "\t",
    "\0",
    "?",
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof(pieces, fc.string({ maxLength: 5 })), { maxLength: 40 }),
      (parts) => {
        assert.ok(Array.isArray(readConfigFile("p.yaml", parts.join("")).problems));
      },
    ),
  );
});
