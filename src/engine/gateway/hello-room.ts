import type { HelloFlaw } from "../../model/gateway.ts";

/** Turns away who holds bytes here. */
type Refuse = (flaw: HelloFlaw) => void;

/** What one piece of a hello is held for beside its bytes. */
const perPiece = 256;

/** The memory that all unfinished hellos of an engine may take; when it is full, who has waited longest makes room. */
export class HelloRoom {
  readonly #limit: number;
  readonly #held = new Map<Refuse, number>();
  #total = 0;

  /** `limit` in bytes; default 64 MiB. */
  constructor(limit: number = 64 * 1024 * 1024) {
    this.#limit = limit;
  }

  /** More bytes of an unfinished hello are held. */
  grow(refuse: Refuse, bytes: number): void {
    this.#held.set(refuse, (this.#held.get(refuse) ?? 0) + bytes + perPiece);
    this.#total += bytes + perPiece;
    for (const oldest of this.#held.keys()) {
      if (this.#total <= this.#limit) return;
      this.leave(oldest);
      oldest("crowded-out");
    }
  }

  /** A hello is held no longer. */
  leave(refuse: Refuse): void {
    this.#total -= this.#held.get(refuse) ?? 0;
    this.#held.delete(refuse);
  }
}
