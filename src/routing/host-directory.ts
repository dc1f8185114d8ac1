/** Which of its owners a host name belongs to: exact before `*.suffix`, the longest suffix first, then whoever takes the rest. */
export class HostDirectory {
  readonly #exact = new Map<string, string>();
  /** By what follows `*.`. */
  readonly #suffixes = new Map<string, string>();
  #fallback: string | undefined;
  readonly #names = new Map<string, OwnNames>();

  /** Gives these names, exact or `*.suffix`, to `owner`, and takes from it those it had before. */
  set(owner: string, names: OwnNames): void {
    this.remove(owner);
    if (names.hosts.length === 0 && !names.isDefault) return;
    this.#names.set(owner, names);
    for (const name of names.hosts) this.#mapOf(name).set(plainPart(name), owner);
    if (names.isDefault) this.#fallback = owner;
  }

  /** What has gone to another owner meanwhile stays with that one. */
  remove(owner: string): void {
    const names = this.#names.get(owner);
    if (names === undefined) return;
    this.#names.delete(owner);
    for (const name of names.hosts) {
      const map = this.#mapOf(name);
      if (map.get(plainPart(name)) === owner) map.delete(plainPart(name));
    }
    if (this.#fallback === owner) this.#fallback = undefined;
  }

  /** The owner of a name in lower case, without a dot at its end; undefined asks for whoever takes the rest. */
  find(name: string | undefined): string | undefined {
    return (name === undefined ? undefined : this.claimed(name)) ?? this.#fallback;
  }

  /** Who takes what nobody claims. */
  get fallback(): string | undefined {
    return this.#fallback;
  }

  /** The owner of a name that is claimed, exactly or by its suffix. */
  claimed(name: string): string | undefined {
    return this.claimOf(name)?.owner;
  }

  /** The claim that covers a name most closely. */
  claimOf(name: string): Claim | undefined {
    const exact = this.#exact.get(name);
    if (exact !== undefined) return { owner: exact, length: name.length };
    if (this.#suffixes.size === 0) return undefined;
    for (let dot = name.indexOf("."); dot !== -1; dot = name.indexOf(".", dot + 1)) {
      const owner = this.#suffixes.get(name.slice(dot + 1));
      if (owner !== undefined) return { owner, length: name.length - dot - 1 };
    }
    return undefined;
  }

  #mapOf(name: string): Map<string, string> {
    return isWild(name) ? this.#suffixes : this.#exact;
  }
}

/** Who has claimed a name. */
export interface Claim {
  readonly owner: string;
  /** How much of the name was claimed, in characters: the more, the closer; an exact claim is all of it. */
  readonly length: number;
}

export interface OwnNames {
  /** Exact, or `*.suffix`; lower case. */
  readonly hosts: readonly string[];
  /** Takes what nobody claims. */
  readonly isDefault: boolean;
}

function isWild(name: string): boolean {
  return name.startsWith("*.");
}

function plainPart(name: string): string {
  return isWild(name) ? name.slice(2) : name;
}
