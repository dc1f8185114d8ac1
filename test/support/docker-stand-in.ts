import type http from "node:http";

import { ScriptedServer, sendJson, type Answer } from "./scripted-server.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

/** An item of `/containers/json`; what a test does not say is as of a running container. */
export interface StandInContainer {
  readonly Id: string;
  readonly [field: string]: unknown;
}

/** The two paths of a Docker engine that matter here, on a Unix socket of its own. */
export class DockerStandIn implements AsyncDisposable {
  readonly url: string;
  readonly #server: ScriptedServer;
  readonly #folder: TemporaryFolder;
  readonly #streams = new Set<http.ServerResponse>();
  #containers: readonly StandInContainer[] = [];
  /** Answers in place of the list, as long as it is set. */
  onList: Answer | undefined;
  /** Answers in place of the event stream, as long as it is set. */
  onEvents: Answer | undefined;

  private constructor(folder: TemporaryFolder, server: ScriptedServer) {
    this.#folder = folder;
    this.#server = server;
    this.url = `unix://${folder.file("docker.sock")}`;
    server.answer((request, response) => this.#respond(request, response));
  }

  static async start(): Promise<DockerStandIn> {
    const folder = new TemporaryFolder();
    const server = await ScriptedServer.start(() => {}, folder.file("docker.sock"));
    return new DockerStandIn(folder, server);
  }

  get streams(): number {
    return this.#streams.size;
  }

  get lists(): number {
    return this.#server.asked.filter((path) => path.startsWith("/containers/json")).length;
  }

  /** From now on exactly these run, and nobody is told. */
  hold(containers: readonly StandInContainer[]): void {
    this.#containers = containers;
  }

  /** Tells everybody who listens. */
  tell(action: string, id: string): void {
    const event = { Type: "container", Action: action, Actor: { ID: id }, time: 1 };
    this.write(`${JSON.stringify(event)}\n`);
  }

  write(text: string): void {
    for (const stream of this.#streams) stream.write(text);
  }

  endStreams(): void {
    for (const stream of this.#streams) stream.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }

  #respond(request: http.IncomingMessage, response: http.ServerResponse): void {
    if (request.url?.startsWith("/events?") === true) {
      if (this.onEvents === undefined) this.#open(response);
      else this.onEvents(request, response);
    } else if (this.onList === undefined) sendJson(response, this.#containers.map(completed));
    else this.onList(request, response);
  }

  #open(response: http.ServerResponse): void {
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    this.#streams.add(response);
    response.on("close", () => this.#streams.delete(response));
  }
}

function completed(container: StandInContainer): unknown {
  return { Names: [`/${container.Id}`], State: "running", Status: "Up 2 hours", ...container };
}
