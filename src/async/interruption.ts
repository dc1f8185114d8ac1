/**
 * A signal that aborts when its parent does or when it is interrupted. Disposing it interrupts it and lets go of the
 * parent, so that everything that was started under it ends with it.
 */
export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal;
  readonly #onParentAbort = (): void => this.#controller.abort(this.#parent.reason);

  constructor(parent: AbortSignal) {
    this.#parent = parent;
    if (parent.aborted) this.#onParentAbort();
    else parent.addEventListener("abort", this.#onParentAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  interrupt(): void {
    this.#controller.abort();
  }

  [Symbol.dispose](): void {
    this.#parent.removeEventListener("abort", this.#onParentAbort);
    this.interrupt();
  }
}
