/** A row of the catalogue that takes more time, load or memory than a test may. */
export interface LoadRow {
  readonly id: string;
  /** What is done, at its size. */
  readonly what: string;
  /** Why it cannot be run here, or false. Default: it always can. */
  readonly skip?: () => string | false;
  /** Fails when what can be counted does not hold; everything else is told as a figure. */
  readonly run: (options: LoadOptions) => Promise<void>;
}

export interface LoadOptions {
  /** Tells a figure. */
  readonly tell: (line: string) => void;
  /** How long a row lasts that can last as long as one likes; default: as long as it says. */
  readonly seconds: number | undefined;
}
