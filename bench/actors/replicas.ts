import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { serveVerbs } from "../support/actor.ts";
import { Answering } from "./replica/answering.ts";
import { HttpAnswering } from "./replica/http-answering.ts";
import { Pouring } from "./stream/pouring.ts";
import type { ReplicaPort, ReplicaVerbs } from "./verbs.ts";

// All replicas of a measurement in one process: each a port of its own that answers requests with its number, or,
// when asked for, that never stops sending or never reads.

const backlog = 4096;
const servers: Server[] = [];
const pouring = new Pouring();

serveVerbs<ReplicaVerbs>({
  async open({ count }) {
    const opened: ReplicaPort[] = [];
    for (let made = 0; made < count; made += 1) {
      const answering = new Answering(servers.length + 1);
      const server = createServer({ noDelay: true }, (socket) => answering.serve(socket));
      opened.push(await openReplica(server));
    }
    return opened;
  },
  openHttp() {
    const answering = new HttpAnswering(1);
    return openReplica(createServer({ noDelay: true }, (socket) => answering.serve(socket)));
  },
  async openDatagrams() {
    const answering = new Answering(1);
    const socket = createSocket({ type: "udp4", recvBufferSize: 4 * 1024 * 1024 });
    socket.on("error", () => undefined);
    socket.on("message", (message, { address, port }) => {
      socket.send(answering.answer(message), port, address);
    });
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    return { number: 1, port: socket.address().port };
  },
  openEndless() {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.resume();
      pouring.into(socket);
    });
    return openReplica(server);
  },
  openEverywhere() {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.resume();
    });
    return openReplica(server, "0.0.0.0");
  },
  openDeaf() {
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      socket.on("error", () => undefined);
    });
    return openReplica(server);
  },
  poured: () => ({ bytes: pouring.bytes }),
});

async function openReplica(server: Server, address = "127.0.0.1"): Promise<ReplicaPort> {
  servers.push(server);
  const number = servers.length;
  server.listen({ host: address, port: 0, backlog });
  await once(server, "listening");
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("no port");
  return { number, port: bound.port };
}
