// A replica as a program: says its name to whoever connects, then a little every few ms, until it is killed, or no
// more when it is a sink; or says it to every HTTP request, or to who comes with mail; or pours, or is deaf and mute.
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { SMTPServer } from "smtp-server";
import { pour } from "./pouring.ts";

const [, , name = "", kind = "stream", host = "127.0.0.1"] = process.argv;
const everyMs = 20;
const piece = Buffer.alloc(4096, "x");

const web = createHttpServer((_request, response) => response.end(name));
const stream = createServer({ allowHalfOpen: true }, (socket) => {
  socket.on("error", () => undefined);
  socket.resume();
  socket.write(`${name}\n`);
  socket.once("end", () => socket.end());
  if (kind === "sink") return;
  const pieces = setInterval(() => {
    if (socket.writableLength < piece.length) socket.write(piece);
  }, everyMs);
  socket.once("close", () => clearInterval(pieces));
  socket.once("end", () => clearInterval(pieces));
});
const spring = createServer((socket) => {
  socket.on("error", () => undefined);
  socket.resume();
  pour(socket);
});
const stone = createServer({ pauseOnConnect: true }, (socket) => {
  socket.on("error", () => undefined);
});
const mail = new SMTPServer({
  banner: name,
  disabledCommands: ["AUTH", "STARTTLS"],
  disableReverseLookup: true,
});
mail.on("error", () => undefined);
const server = { http: web, smtp: mail.server, pour: spring, deaf: stone }[kind] ?? stream;
server.on("error", () => undefined);
server.listen({ port: 0, host, backlog: 4096 }, () => {
  const bound = server.address();
  if (bound !== null && typeof bound === "object") process.send?.(bound.port);
});
process.once("disconnect", () => process.exit());
