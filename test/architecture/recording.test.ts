import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { film } from "../recording/film.ts";
import { Terminal, type Picture } from "../recording/terminal.ts";

const root = new URL("../../", import.meta.url);
const recorded = readFileSync(new URL("test/recording/demo.svg", root), "utf8");
const longest = 150 * 1024;

function drawn(output: string): Picture[] {
  const pictures: Picture[] = [];
  new Terminal((picture) => pictures.push(picture)).write(output);
  return pictures;
}

test("the moving picture of the README is one that was recorded, small, and loads nothing", () => {
  const readme = readFileSync(new URL("README.md", root), "utf8");
  assert.match(readme, /\(test\/recording\/demo\.svg\)/);
  assert.ok(recorded.length < longest, String(recorded.length));
  assert.match(recorded, /portolan \d+\.\d+\.\d+: a demo with its own Marathon/);
  assert.match(recorded, /visits served, 0 failed/);
  assert.match(recorded, /prefers-color-scheme: dark/);
  assert.match(recorded, /prefers-reduced-motion/);
  assert.doesNotMatch(recorded, /<script|<foreignObject|url\(|href="(?!#)/);
});

test("a terminal shows what was written where, and in which colour", () => {
  const [first, second] = drawn(
    "\u001B[?1049h\u001B[Hone\u001B[K\r\n\u001B[1mtwo\u001B[22m \u001B[32mup\u001B[39m\u001B[K\u001B[J" +
      "\u001B[HO\u001B[K\u001B[J",
  );
  assert.deepEqual(first, [
    [{ text: "one", look: "" }],
    [
      { text: "two", look: "bold" },
      { text: " ", look: "" },
      { text: "up", look: "green" },
    ],
  ]);
  assert.deepEqual(second, [[{ text: "O", look: "" }]]);
});

test("a film has each picture once, and nothing of it is markup", () => {
  const pictures = drawn("\u001B[H<b>&\u001B[J\u001B[H\u001B[31m<b>&\u001B[0m\u001B[J");
  const text = film(pictures, { columns: 10, rows: 2, title: "a < b", pictureMs: 500 });
  assert.match(text, /<title>a &lt; b<\/title>/);
  assert.match(text, /xml:space="preserve">&lt;b&gt;&amp;<\/text>/);
  assert.match(text, /<tspan class="red">&lt;b&gt;&amp;<\/tspan>/);
  assert.match(text, /film 1\.0s steps\(2\) infinite/);
});
