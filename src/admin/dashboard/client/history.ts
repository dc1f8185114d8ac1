/** Samples that a sparkline shows: a minute at one a second. */
const samplesKept = 60;

/** The last minute of one number for each of many ids; what is not noted any more is forgotten. */
export class History {
  #rows = new Map<string, Float32Array>();
  #position = 0;

  /** Adds a sample for everything there is. */
  note(samples: Iterable<readonly [id: string, value: number]>): void {
    const rows = new Map<string, Float32Array>();
    this.#position = (this.#position + 1) % samplesKept;
    for (const [id, value] of samples) {
      const row = this.#rows.get(id) ?? new Float32Array(samplesKept);
      row[this.#position] = value;
      rows.set(id, row);
    }
    this.#rows = rows;
  }

  /** The samples of an id, the oldest first; zeros before the first. */
  of(id: string): readonly number[] {
    const row = this.#rows.get(id);
    if (row === undefined) return [];
    const start = this.#position + 1;
    return [...row.subarray(start), ...row.subarray(0, start)];
  }
}

/** The points of an SVG polyline through the samples, in a box of this size; empty when all are zero. */
export function sparkline(samples: readonly number[], width: number, height: number): string {
  const most = Math.max(...samples, 0);
  if (most === 0) return "";
  const step = width / Math.max(1, samples.length - 1);
  return samples
    .map((value, index) => {
      const y = height - 1 - (value / most) * (height - 2);
      return `${(index * step).toFixed(1)},${y.toFixed(1)}`;
    })
    .join(" ");
}
