import assert from "node:assert/strict";
import { suite, test } from "node:test";
import * as fc from "fast-check";
import type { Arguments } from "../../../src/cli/arguments.ts";
import { parseArgs } from "../../../src/cli/arguments.ts";
import { optionGroups, options, settingNames } from "../../../src/config/options.ts";
import { readConfig } from "../../../src/config/read-config.ts";

function parse(...argv: readonly string[]): Arguments {
  return parseArgs(argv, { version: "1.2.3" });
}

function flagsOf(...argv: readonly string[]): Record<string, readonly string[]> {
  const parsed = parse(...argv);
  assert.ok("flags" in parsed, JSON.stringify(parsed));
  return Object.fromEntries(parsed.flags);
}

function usageOf(...argv: readonly string[]): readonly string[] {
  const parsed = parse(...argv);
  assert.equal(parsed.kind, "usage", JSON.stringify(parsed));
  assert.equal(parsed.exitCode, 2);
  const lines = parsed.message.split("\n");
  assert.equal(lines.pop(), "try: portolan --help");
  return lines;
}

suite("commands", () => {
  const rows = [
    [[], "run"],
    [["run"], "run"],
    [["--workers", "2"], "run"],
    [["--workers", "2", "run"], "run"],
    [["demo"], "demo"],
    [["start"], "start"],
  ] as const;
  for (const [argv, kind] of rows) {
    test(`${JSON.stringify(argv)} is ${kind}`, () => assert.equal(parse(...argv).kind, kind));
  }

  test("demo and start take the options of run, and whether the demo acts by itself", () => {
    for (const command of ["demo", "start"]) {
      const parsed = parse(command, "--workers", "2", "--no-script");
      assert.ok("options" in parsed);
      assert.deepEqual(
        [Object.fromEntries(parsed.flags), parsed.options],
        [{ workers: ["2"] }, { script: false }],
      );
      const plain = parse(command);
      assert.equal("options" in plain && plain.options.script, true);
    }
    assert.deepEqual(usageOf("--no-script"), ["--script belongs to portolan demo"]);
    assert.deepEqual(usageOf("demo", "--port", "1"), [
      "unknown option: --port (did you mean --pods?)",
    ]);
  });

  test("of another name are refused, with the nearest one", () => {
    assert.deepEqual(usageOf("rnu"), ['unknown command: "rnu" (did you mean run?)']);
    assert.deepEqual(usageOf("demo", "now"), ['unexpected word: "now"']);
    assert.deepEqual(usageOf("--", "x"), ['unknown command: "x"']);
    assert.deepEqual(usageOf("http://me:hunter2@m1"), ['unknown command: "http://***@m1"']);
  });
});

suite("flags", () => {
  for (const name of settingNames) {
    const { flag, alias, reader } = options[name];
    test(`--${flag} is taken as it is written`, () => {
      const value = reader.takes === "nothing" ? [] : ["some text"];
      const want = { [flag]: value.length === 0 ? ["true"] : value };
      assert.deepEqual(flagsOf(`--${flag}`, ...value), want);
      if (alias !== undefined) assert.deepEqual(flagsOf(`-${alias}`, ...value), want);
      if (value.length === 0) assert.deepEqual(flagsOf(`--no-${flag}`), { [flag]: ["false"] });
    });

    test(`--${flag} is refused when it is written in a way that says nothing`, () => {
      if (reader.takes === "nothing") {
        assert.match(
          usageOf(`--${flag}=maybe`).join(),
          /"maybe" is not accepted; give true or false/,
        );
        assert.match(usageOf(`--${flag}`, `--no-${flag}`).join(), /contradict/);
        return;
      }
      assert.deepEqual(usageOf(`--${flag}`), [`--${flag} needs a value`]);
      assert.deepEqual(usageOf(`--no-${flag}`), [
        `--${flag} takes a value; there is no --no-${flag}`,
      ]);
      const twice = [`--${flag}`, "a", `--${flag}=b`];
      if (reader.takes === "values") assert.deepEqual(flagsOf(...twice), { [flag]: ["a", "b"] });
      else assert.deepEqual(usageOf(...twice), [`--${flag} is given 2 times; keep one`]);
    });
  }

  const rows: readonly (readonly [
    argv: readonly string[],
    want: Readonly<Record<string, readonly string[]>>,
  ])[] = [
    [
      ["-m", "http://a,http://b", "--marathon", "http://c"],
      { marathon: ["http://a,http://b", "http://c"] },
    ],
    [["-mhttp://m1"], { marathon: ["http://m1"] }],
    [["-i30"], { "refresh-interval": ["30"] }],
    [["-vi", "30"], { verbose: ["true"], "refresh-interval": ["30"] }],
    [["-vi30"], { verbose: ["true"], "refresh-interval": ["30"] }],
    [["--status-endpoint", ""], { "status-endpoint": [""] }],
    [["--status-endpoint="], { "status-endpoint": [""] }],
    [["--marathon="], { marathon: [""] }],
    [["--workers", "-1"], { workers: ["-1"] }],
    [["--workers", "1e999"], { workers: ["1e999"] }],
    [["--verbose=1"], { verbose: ["true"] }],
    [["--verbose=FALSE"], { verbose: ["false"] }],
    [["--verbose", "false"], { verbose: ["false"] }],
    [
      ["--pen-servers", "64", "--pen-clients=8192", "--haproxy", "-c", "http://me"],
      {
        "pen-servers": ["64"],
        "pen-clients": ["8192"],
        haproxy: ["true"],
        "marathon-callback": ["http://me"],
      },
    ],
  ];
  for (const [argv, want] of rows)
    test(argv.join(" "), () => assert.deepEqual(flagsOf(...argv), want));

  const refused = [
    [["--wokers", "3"], "unknown option: --wokers (did you mean --workers?)"],
    [
      ["--refreshInterval", "3"],
      "unknown option: --refreshInterval (did you mean --refresh-interval?)",
    ],
    [["--workers.x", "3"], "unknown option: --workers.x (did you mean --workers?)"],
    [["--hepl"], "unknown option: --hepl (did you mean --help?)"],
    [["-x"], "unknown option: -x"],
    [["-v5"], "unknown option: -5"],
    [["--constructor=1"], "unknown option: --constructor"],
    [["--__proto__.x=1"], "unknown option: --__proto__.x"],
    [["--toString"], "unknown option: --toString"],
    [["--_=run"], "unknown option: -_"],
    [["--config", "--verbose"], "--config needs a value"],
  ] as const;
  for (const [argv, want] of refused) {
    test(`${argv.join(" ")} is refused`, () => assert.deepEqual(usageOf(...argv), [want]));
  }

  test("that are wrong are told all together", () => {
    assert.deepEqual(
      usageOf("rum", "--wokers", "3", "--bind=1", "--config=a", "--config=b", "--verbose=x"),
      [
        '--verbose: "x" is not accepted; give true or false, or no value',
        'unknown command: "rum" (did you mean run?)',
        "unknown option: --wokers (did you mean --workers?)",
        "--config is given 2 times; keep one",
      ],
    );
  });
});

test("what was read goes straight into the configuration", () => {
  const parsed = parse(
    "-v",
    "--workers=2",
    "--no-shrink-guard",
    "-m",
    "http://a",
    "-m",
    "http://b",
    "--haproxy",
  );
  assert.ok("flags" in parsed);
  const read = readConfig({ flags: parsed.flags, env: {}, readFile: () => "" });
  assert.equal(read.kind, "config");
  const { logLevel, workers, shrinkGuard, marathon } = read.config;
  assert.deepEqual([logLevel, workers, shrinkGuard, marathon.length], ["debug", 2, false, 2]);
  assert.equal(read.warnings.length, 1);
});

suite("text", () => {
  test("the version names the runtime and the machine", () => {
    const want = `portolan 1.2.3 (node ${process.version}, ${process.platform}-${process.arch})`;
    for (const flag of ["--version", "-V"])
      assert.deepEqual(parse(flag), { kind: "text", text: want, exitCode: 0 });
  });

  const { text } = parseHelp("--help");

  function parseHelp(...argv: readonly string[]): { readonly text: string } {
    const parsed = parse(...argv);
    assert.equal(parsed.kind, "text");
    return parsed;
  }

  for (const name of settingNames) {
    const { flag, alias, describe } = options[name];
    const group = optionGroups.find((one) => name in one.options)?.heading;
    test(`help shows --${flag} under its heading, with what it does`, () => {
      const section = text.split("\n\n").find((part) => part.startsWith(`${group}:\n`)) ?? "";
      const words = section.replaceAll(/\s+/g, " ");
      assert.match(words, new RegExp(`${alias === undefined ? "" : `-${alias}, `}--${flag} `));
      assert.ok(words.includes(describe), describe);
    });
  }

  test("help names the commands, examples, precedence and the README, and nothing hidden", () => {
    for (const part of [
      "portolan run",
      "portolan demo",
      "Examples:",
      "PORTOLAN_LOG_LEVEL",
      "README.md",
    ]) {
      assert.ok(text.includes(part), part);
    }
    assert.doesNotMatch(text, /portolan start|--pen-|--haproxy|--marathon-callback|--script/);
    assert.match(parseHelp("demo", "--help").text, /--script/);
    assert.equal(parseHelp("-h").text, text);
  });

  test("help keeps to the width of the terminal", () => {
    const parsed = parseArgs(["--help"], { version: "1", columns: 100 });
    assert.ok(parsed.kind === "text" && parsed.text !== text);
    assert.ok(Math.max(...parsed.text.split("\n").map(({ length }) => length)) <= 100);
    assert.ok(Math.max(...text.split("\n").map(({ length }) => length)) <= 80);
  });
});

test("nothing is printed, nothing exits and nothing throws, whatever is typed", (context) => {
  const written = [
    context.mock.method(process.stdout, "write", () => true),
    context.mock.method(process.stderr, "write", () => true),
    context.mock.method(console, "log", () => {}),
    context.mock.method(console, "error", () => {}),
    context.mock.method(process, "exit", (): never => assert.fail("exit")),
  ];
  const words = fc.constantFrom(
    "--help",
    "-h",
    "--version",
    "--workers",
    "-v",
    "-m",
    "demo",
    "run",
    "--",
    "-",
    "",
    "=",
    "--=",
    "--no-",
    "--no-bind",
    "-vvv",
    "--completion",
    "--get-yargs-completions",
  );
  const before = written.map(({ mock }) => mock.callCount());
  fc.assert(
    fc.property(
      fc.array(fc.oneof(words, fc.string({ maxLength: 8 })), { maxLength: 6 }),
      (argv) => {
        const parsed = parse(...argv);
        assert.ok(["run", "demo", "start", "text", "usage"].includes(parsed.kind));
      },
    ),
    { numRuns: 300 },
  );
  assert.deepEqual(
    written.map(({ mock }) => mock.callCount()),
    before,
  );
});

suite("older spellings", () => {
  test("mean the same as ours, on the command line and in the environment", () => {
    assert.deepEqual(flagsOf("--filter-groups", "a,b", "--bind-ip=10.0.0.1"), {
      groups: ["a,b"],
      bind: ["10.0.0.1"],
    });
    const read = readConfig({
      flags: new Map(),
      env: { FILTER_GROUPS: "a,b", PORTOLAN_BIND_IP: "10.0.0.1", MARATHON_IP: "10.0.0.2" },
      readFile: () => "",
    });
    assert.ok(read.kind === "config");
    const { groups, bind, marathonHost, marathonPort } = read.config;
    assert.deepEqual(
      [groups, bind, marathonHost, marathonPort],
      [["a", "b"], ["10.0.0.1"], "10.0.0.2", 8080],
    );
    assert.deepEqual(read.warnings, []);
  });

  test("two spellings of one value are as one that is given twice", () => {
    assert.deepEqual(flagsOf("--groups", "a", "--filter-groups", "b"), { groups: ["a", "b"] });
    const parsed = parse("--marathon-host", "a", "--marathon-ip", "b");
    assert.ok("flags" in parsed);
    const read = readConfig({ flags: parsed.flags, env: {}, readFile: () => "" });
    assert.ok(read.kind === "problems");
    assert.match(read.problems.join(), /^--marathon-host: /);
  });

  test("are taken whole from the documented command lines of proxymatic and mmsd", () => {
    const lines = [
      "--marathon http://marathon:8080 --registrator etcd://etcd:4001/services --refresh-interval 60 --expose-host --status-endpoint 0.0.0.0:9090 --group-size 1 --max-connections 8192 --pen-servers 64 --pen-clients 8192 --haproxy --verbose",
      "-m http://m1:8080,http://m2:8080 -c http://me/ -r etcd://etcd/services -i 30 -e -v",
      "--marathon-ip 10.0.0.1 --marathon-port 8080 --filter-groups lan,wan --bind-ip 0.0.0.0 --reconnect-delay 4s --haproxy-bin /usr/sbin/haproxy --haproxy-port 8081 --haproxy-cfgtail /etc/mmsd/haproxy-tail.cfg",
    ];
    for (const line of lines) {
      const parsed = parse(...line.split(" "));
      assert.ok("flags" in parsed, JSON.stringify(parsed));
      const read = readConfig({ flags: parsed.flags, env: {}, readFile: () => "" });
      assert.equal(read.kind, "config", JSON.stringify(read));
    }
  });
});
