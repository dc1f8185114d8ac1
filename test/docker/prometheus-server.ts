import { mkdirSync } from "node:fs";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { isMissing, ServerProcess, TemporaryDirectory } from "../support/real-server.ts";
import { at, entriesAt, listAt, read } from "./documents.ts";

/** Why tests with a real Prometheus are skipped; false when it is installed. */
export const prometheusMissing: string | false = isMissing("prometheus");

/** One series of an answer, at its newest moment. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const ruleFiles = ["alerts.yml", "recording.yml", "haproxy-compat.rules.yml"];

/**
 * A real Prometheus that scrapes one portolan, by the files of `docker/prometheus`. It has copies of them: it
 * scrapes twice a second, the target's address is put in, and every alert's `for` is taken out, so that none takes a minute.
 */
export class Prometheus implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly #server: ServerProcess;
  readonly #url: string;

  private constructor(folder: TemporaryDirectory, port: number) {
    this.#stack.use(folder);
    this.#url = `http://127.0.0.1:${port}`;
    mkdirSync(`${folder.path}/data`);
    this.#server = new ServerProcess("prometheus", [
      `--config.file=${folder.path}/prometheus.yml`,
      `--storage.tsdb.path=${folder.path}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    this.#stack.use(this.#server);
  }

  /** Resolves once it answers queries. */
  static async start(target: string): Promise<Prometheus> {
    const folder = new TemporaryDirectory();
    const config = read("prometheus/prometheus.yml")
      .replace('"portolan:9090"', JSON.stringify(target))
      .replaceAll(/(_interval:) 5s/g, "$1 500ms");
    folder.write("prometheus.yml", config);
    for (const file of ruleFiles) {
      folder.write(file, read(`prometheus/${file}`).replaceAll(/^ +for: \w+\n/gm, ""));
    }
    const prometheus = new Prometheus(folder, await freePort());
    try {
      await eventually(() => prometheus.#isReady(), { withinMs: 30_000, what: "a Prometheus" });
      return prometheus;
    } catch (error) {
      await prometheus[Symbol.asyncDispose]();
      throw new Error(`no Prometheus: ${prometheus.#server.output}`, { cause: error });
    }
  }

  /** Lines of its own log that are more than news. */
  get complaints(): string[] {
    return this.#server.output.split("\n").filter((line) => /\blevel=(?:warn|error)\b/.test(line));
  }

  /** What an expression is now. */
  async query(expression: string): Promise<Series[]> {
    const answer = await this.#get(`/api/v1/query?query=${encodeURIComponent(expression)}`);
    return listAt(answer, "data", "result").map((one) => ({
      labels: Object.fromEntries(
        entriesAt(one, "metric").map(([name, value]) => [name, String(value)]),
      ),
      value: Number(at(one, "value", 1)),
    }));
  }

  /** The names of alerts that fire. */
  async firing(): Promise<string[]> {
    return listAt(await this.#get("/api/v1/alerts"), "data", "alerts")
      .filter((alert) => at(alert, "state") === "firing")
      .map((alert) => String(at(alert, "labels", "alertname")));
  }

  /** What it says of the one thing it scrapes. */
  async target(): Promise<{ readonly health: string; readonly error: string }> {
    const targets = await this.#get("/api/v1/targets");
    const [only] = listAt(targets, "data", "activeTargets");
    return { health: String(at(only, "health")), error: String(at(only, "lastError")) };
  }

  /** Rules whose last evaluation went wrong, each with why. */
  async brokenRules(): Promise<string[]> {
    return listAt(await this.#get("/api/v1/rules"), "data", "groups")
      .flatMap((group) => listAt(group, "rules"))
      .filter((rule) => at(rule, "health") === "err")
      .map((rule) => `${String(at(rule, "name"))}: ${String(at(rule, "lastError"))}`);
  }

  /** Every counter that it keeps of itself, by name. */
  async ownFigures(): Promise<ReadonlyMap<string, number>> {
    const page = await (await fetch(`${this.#url}/metrics`)).text();
    const lines = page.matchAll(/^(prometheus_\w+) (\S+)$/gm);
    return new Map(Array.from(lines, ([, name = "", value]) => [name, Number(value)]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #get(path: string): Promise<unknown> {
    const response = await fetch(this.#url + path);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return await response.json();
  }

  async #isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.#url}/-/ready`)).ok;
    } catch {
      // Refused until it listens.
      return false;
    }
  }
}
