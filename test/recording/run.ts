import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { film } from "./film.ts";
import { Terminal, type Picture } from "./terminal.ts";

// Records what `npm start` shows on a terminal, one round of the demo's script, into the picture of the README.

const size = { columns: 104, rows: 36 } as const;
/** The demo draws once a second; half of that is slow enough to read. */
const pictureMs = 500;
const wanted = 40;

const pictures: Picture[] = [];
const enough = Promise.withResolvers<void>();
const terminal = new Terminal((picture) => {
  pictures.push(picture);
  if (pictures.length === wanted) enough.resolve();
});

const root = new URL("../../", import.meta.url).pathname;
// The terminal is one of util-linux: the program must see a real one.
const command = `stty rows ${size.rows} cols ${size.columns}; exec npm start --silent`;
const demo = spawn("script", ["-qefc", command, "/dev/null"], {
  cwd: root,
  env: { PATH: process.env["PATH"], HOME: process.env["HOME"], TERM: "xterm-256color" },
  stdio: ["pipe", "pipe", "inherit"],
});
demo.on("error", (error) => enough.reject(error));
demo.stdin.on("error", () => undefined);
demo.once("exit", () => enough.reject(new Error("the demo ended before it was recorded")));
const gone = once(demo, "close");

let held = "";
demo.stdout.on("data", (chunk: Buffer) => {
  held += chunk.toString();
  // A picture ends by clearing what is below; whatever follows may be cut anywhere.
  const end = held.lastIndexOf("\u001B[J");
  if (end === -1) return;
  terminal.write(held.slice(0, end + 3));
  held = held.slice(end + 3);
});

await enough.promise;
// As who watches it ends it.
demo.stdin.write("\u0003");
await gone;

const shown = pictures.map((picture) => picture.slice(0, size.rows));
const file = new URL("demo.svg", import.meta.url);
const text = film(shown, { ...size, title: "npm start", pictureMs });
writeFileSync(file, text);
const last = shown.at(-1)?.map((spans) => spans.map((span) => span.text).join(""));
process.stdout.write(
  `${stripVTControlCharacters((last ?? []).join("\n"))}\n\n${pictures.length} pictures, ${text.length} bytes: ${file.pathname}\n`,
);
