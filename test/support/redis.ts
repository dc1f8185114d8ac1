import { once } from "node:events";
import { connect } from "node:net";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { ServerProcess, type TemporaryDirectory } from "./real-server.ts";

/** A real redis-server on a free port of this host. */
export class RealRedis implements AsyncDisposable {
  readonly port: number;
  readonly server: ServerProcess;

  private constructor(port: number, server: ServerProcess) {
    this.port = port;
    this.server = server;
  }

  static async start(
    directory: TemporaryDirectory,
    options: readonly string[] = [],
  ): Promise<RealRedis> {
    const port = await freePort();
    const server = new ServerProcess("redis-server", [
      ...`--port ${port} --bind 127.0.0.1 --dir ${directory.path}`.split(" "),
      ...`--appendonly no --repl-diskless-sync-delay 0 --save`.split(" "),
      "",
      ...options,
    ]);
    await eventually(() => server.output.includes("Ready to accept connections"), {
      what: "redis-server",
    });
    return new RealRedis(port, server);
  }

  /** Sends one inline command and waits for the first answer. */
  async tell(command: string): Promise<string> {
    const socket = connect(this.port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write(`${command}\r\n`);
    const [answer]: unknown[] = await once(socket, "data");
    socket.destroy();
    return String(answer);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server[Symbol.asyncDispose]();
  }
}
