/** Ends what goes on until its signal aborts, also when a story fails. */
export class Stop extends AbortController implements Disposable {
  [Symbol.dispose](): void {
    this.abort();
  }
}
