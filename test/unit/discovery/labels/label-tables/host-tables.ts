import { notNumbers, switchOf, wordsOf, type Table, type Tables } from "./table.ts";

function hosts(setting: "httpHosts" | "tlsHosts"): Table {
  const good = [
    ["a.example.com", ["a.example.com"]],
    ["A.Example.Com., b", ["a.example.com", "b"]],
    ["*.example.com b\t*.EXAMPLE.com", ["*.example.com", "b"]],
    ["b\u00fccher.example", ["xn--bcher-kva.example"]],
    ["my_app.local", ["my_app.local"]],
  ] as const;
  const mended = [
    ["a,b\r\nX: y", ["a", "b", "y"], '"X:" is no host name: left out'],
    ["a,*", ["a"], ": left out"],
    ["a,*.com,b c.*.d,e/f,ü/f,g:80,-h", ["a", "b"], ": left out"],
  ] as const;
  return { setting, good, mended, bad: ["", ",", "*", "*.com", "(a+)+$", "a..b", "a:8080"] };
}

/** By option, in the order of the options. */
export const hostTables: Tables = {
  mode: wordsOf("mode", "tcp", "http"),
  "service-port": {
    setting: "servicePort",
    good: [
      ["1", 1],
      ["65535", 65_535],
    ],
    mended: [],
    bad: [...notNumbers, "0", "-1", "65536"],
  },
  enabled: switchOf("enabled"),
  groups: {
    setting: "groups",
    good: [
      ["a", ["a"]],
      ["a,b c,", ["a", "b", "c"]],
      ["*", ["*"]],
    ],
    mended: [
      [
        Array.from({ length: 101 }, (_, n) => n).join(),
        Array.from({ length: 100 }, (_, n) => String(n)),
        "only the first 100 names are used",
      ],
    ],
    bad: ["", " ", ","],
  },
  "http-hosts": hosts("httpHosts"),
  "http-default": switchOf("httpDefault"),
  "tls-hosts": hosts("tlsHosts"),
  "tls-default": switchOf("tlsDefault"),
};
