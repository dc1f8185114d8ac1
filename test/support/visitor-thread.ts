import { isMainThread, parentPort } from "node:worker_threads";
import { answerEnd, visitOneByOne, type Visits } from "./one-by-one.ts";
import { echo, TcpReplica } from "./tcp-replica.ts";

// Clients and replica in a thread of their own, so that what they allocate is not on the account of what is between them.

if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  const replica = await TcpReplica.start(echo);
  const httpReplica = await TcpReplica.start((socket) => {
    socket.on("data", () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 8${answerEnd}`));
    socket.on("end", () => socket.end());
  });
  port.on("message", (visits: Visits) => {
    void visitOneByOne(visits).then(
      () => port.postMessage("visited"),
      (error: unknown) => port.postMessage(String(error)),
    );
  });
  port.postMessage([replica.port, httpReplica.port]);
}
