import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { serveVerbs } from "../support/actor.ts";
import { damaged, encodeFrame, type Frame, FrameReader } from "../support/frames.ts";
import type { ReplicaPort, ReplicaVerbs } from "./verbs.ts";

// All replicas of a measurement in one process: each a port of its own that answers requests with its number.

const backlog = 4096;
const servers: Server[] = [];

serveVerbs<ReplicaVerbs>({
  async open({ count }) {
    const opened: ReplicaPort[] = [];
    for (let made = 0; made < count; made += 1) opened.push(await openReplica(servers.length + 1));
    return opened;
  },
});

async function openReplica(number: number): Promise<ReplicaPort> {
  const answers = new Map<number, Buffer>();
  const server = createServer({ noDelay: true }, (socket) => serve(socket, number, answers));
  servers.push(server);
  server.listen({ host: "127.0.0.1", port: 0, backlog });
  await once(server, "listening");
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("no port");
  return { number, port: bound.port };
}

function serve(socket: Socket, number: number, answers: Map<number, Buffer>): void {
  const reader = new FrameReader({
    isVerifying: true,
    received: (request) => {
      socket.write(answerTo(request, number, answers));
    },
  });
  // The load generator counts what it loses; a broken connection is no news here.
  socket.on("error", () => undefined);
  socket.on("data", (chunk: Buffer) => reader.push(chunk));
}

/** Answers are made once per length, so that a large one costs only its way through the socket. */
function answerTo(request: Frame, number: number, answers: Map<number, Buffer>): Buffer {
  if (!request.intact) return encodeFrame(0, damaged);
  const known = answers.get(request.word);
  if (known !== undefined) return known;
  const made = encodeFrame(request.word, number);
  answers.set(request.word, made);
  return made;
}
