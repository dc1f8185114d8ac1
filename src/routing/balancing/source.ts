import { fnv1a32, mix32 } from "./hash.ts";
import { LeastConnPicker } from "./leastconn.ts";
import {
  isExcluded,
  weighted,
  weigher,
  type Candidate,
  type Picker,
  type PickerOptions,
} from "./picker.ts";

interface Seat<C> {
  readonly candidate: C;
  readonly hash: number;
}

const mappedPrefix = "::ffff:";

/**
 * Keeps a client address on one replica by weighted rendezvous hashing: each candidate scores `weight ÷ -ln(u)`, with
 * u in (0, 1) hashed from its key and the client, and the highest score wins [Thaler & Ravishankar 1998, "Using
 * name-based mappings"; Resch 2015, "New hashing algorithms for data storage"]. A score depends on no other candidate:
 * only clients of a replica that leaves are moved, clients move only to one that joins, and the next by score stands in
 * for one that is full or excluded. The same on every host and in every worker. Without a client: least connections.
 */
export class SourcePicker<C extends Candidate> implements Picker<C> {
  readonly #seats: readonly Seat<C>[];
  readonly #options: PickerOptions<C>;
  readonly #weigh: (candidate: C) => number;
  readonly #clientless: LeastConnPicker<C>;

  constructor(candidates: readonly C[], options: PickerOptions<C>) {
    this.#seats = weighted(candidates).map((candidate) => {
      return { candidate, hash: mix32(fnv1a32(candidate.key)) };
    });
    this.#options = options;
    this.#weigh = weigher(options);
    this.#clientless = new LeastConnPicker(candidates, options);
  }

  pick(excluded: readonly C[], client?: string): C | undefined {
    if (client === undefined || client === "") return this.#clientless.pick(excluded);
    const clientHash = hashClient(client);
    let best: C | undefined;
    let bestScore = 0;
    for (const { candidate, hash } of this.#seats) {
      const weight = isExcluded(candidate, excluded) ? 0 : this.#weigh(candidate);
      if (weight === 0) continue;
      const score = weight / -Math.log(unit(mix32(clientHash ^ hash)));
      if (score <= bestScore) continue;
      best = candidate;
      bestScore = score;
    }
    return best;
  }

  over(candidates: readonly C[]): Picker<C> {
    return new SourcePicker(candidates, this.#options);
  }
}

function hashClient(client: string): number {
  // A dual-stack listener shows an IPv4 client as `::ffff:10.0.0.1` [rfc4291 §2.5.5.2]; it is the same client.
  return mix32(fnv1a32(client, client.startsWith(mappedPrefix) ? mappedPrefix.length : 0));
}

/** Into (0, 1), both ends left out: their logarithms would be no scores. */
function unit(hash: number): number {
  return (hash + 0.5) / 2 ** 32;
}
