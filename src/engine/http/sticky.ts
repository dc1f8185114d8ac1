import { createHash } from "node:crypto";
import type { EngineRoute } from "../route.ts";

const none: readonly string[] = [];
const idLength = 16;

/** The cookie by which a client stays on its replica: a stable id that tells nothing of the replica's address. */
export class Sticky {
  readonly #cookie: string;
  readonly #keys = new Map<string, string>();
  readonly #ids = new Map<string, string>();

  constructor({ policy, replicas, key }: EngineRoute) {
    this.#cookie = policy.stickyCookie;
    if (this.#cookie === "") return;
    for (const replica of replicas) {
      const id = createHash("sha256").update(`${key} ${replica.key}`).digest("hex");
      this.#keys.set(id.slice(0, idLength), replica.key);
      this.#ids.set(replica.key, id.slice(0, idLength));
    }
  }

  /** The key of the replica that a client's cookies name. */
  keyIn(cookies: readonly string[]): string | undefined {
    if (this.#cookie === "") return undefined;
    for (const list of cookies) {
      for (const pair of list.split(";")) {
        const [name = "", value = ""] = pair.split("=", 2);
        if (name.trim() === this.#cookie) return this.#keys.get(value.trim());
      }
    }
    return undefined;
  }

  /** The field that makes a client with these cookies stay on this replica; nothing where it does, or clients are free. */
  fieldsFor(key: string, cookies: readonly string[]): readonly string[] {
    const id = this.#ids.get(key);
    if (id === undefined || this.keyIn(cookies) === key) return none;
    return ["Set-Cookie", `${this.#cookie}=${id}; Path=/; HttpOnly`];
  }
}
