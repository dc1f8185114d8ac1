import { byId, element } from "./elements.ts";
import { ageText } from "./texts.ts";

/** What `/api/explain/<app>` answers, as far as it is shown here. */
interface Explanation {
  readonly app: string;
  readonly services: readonly {
    readonly key: string;
    readonly source: string;
    readonly served: boolean;
    readonly check: ExplainedCheck;
    readonly replicas: readonly ExplainedReplica[];
  }[];
  readonly problems: readonly { readonly kind: string; readonly reason: string }[];
}

interface ExplainedCheck {
  readonly health: string;
  /** Absent where nothing is probed. */
  readonly kind?: string;
  readonly path?: string;
  readonly interval: string;
  readonly timeout: string;
  readonly rise: number;
  readonly fall: number;
}

interface ExplainedReplica {
  readonly task: string;
  readonly host: string;
  readonly address: string;
  readonly state: string;
  readonly reason: string;
  readonly since: string;
  readonly inRotation: boolean;
  readonly signals: readonly {
    readonly from: string;
    readonly says: string;
    readonly reason: string;
    readonly ageMs: number | null;
  }[];
}

/** A dialog that says why the replicas of an app are in rotation or out of it. */
export class ExplanationDialog {
  readonly #dialog = byId("explanation", HTMLDialogElement);
  readonly #title = byId("explanation-title", HTMLElement);
  readonly #text = byId("explanation-text", HTMLElement);
  #asking = new AbortController();

  constructor() {
    byId("explanation-close", HTMLButtonElement).addEventListener("click", () => {
      this.#dialog.close();
    });
    this.#dialog.addEventListener("close", () => this.#asking.abort());
  }

  /** Asks about an app; with an address, only about its replica there. `now` in ms since the epoch. */
  async show(app: string, address: string | undefined, now: number): Promise<void> {
    this.#asking.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    this.#title.textContent = `Why is ${address ?? app} as it is?`;
    this.#text.replaceChildren(element("p", {}, "asking…"));
    if (!this.#dialog.open) this.#dialog.showModal();
    const path = app.split("/").map(encodeURIComponent).join("/");
    const shown = await ask(`/api/explain/${path}`, signal)
      .then((explanation) => explained(explanation, address, now))
      .catch((error: unknown) => [
        element("p", { class: "bad" }, error instanceof Error ? error.message : String(error)),
      ]);
    if (!signal.aborted) this.#text.replaceChildren(...shown);
  }
}

async function ask(path: string, signal: AbortSignal): Promise<Explanation> {
  const answer = await fetch(path, { signal });
  const body = await answer.json();
  if (!answer.ok) throw new Error(String(body.error));
  return body;
}

function explained(
  { app, services, problems }: Explanation,
  address: string | undefined,
  now: number,
): HTMLElement[] {
  const parts = services.flatMap(({ key, source, served, check, replicas }) => {
    const wanted = replicas.filter(
      (replica) => address === undefined || replica.address === address,
    );
    if (wanted.length === 0 && address !== undefined) return [];
    const standing = served ? "" : " · not served: see the problems";
    return [
      element("h3", {}, `${app} ${key} from ${source}${standing}`),
      element("p", { class: "quiet" }, `health: ${checkText(check)}`),
      ...wanted.flatMap((replica) => explainedReplica(replica, now)),
      ...(wanted.length === 0 ? [element("p", {}, "no replicas")] : []),
    ];
  });
  const faults = problems.map(({ kind, reason }) => element("li", {}, `${kind}: ${reason}`));
  const gone = element("p", {}, `${address ?? app} is in no source any more`);
  return [
    ...(parts.length === 0 ? [gone] : parts),
    ...(faults.length === 0 ? [] : [element("h3", {}, "Problems"), element("ul", {}, faults)]),
  ];
}

function checkText({ health, kind, path, ...pace }: ExplainedCheck): string {
  if (kind === undefined) return `${health}, the source's word alone`;
  const { interval, timeout, rise, fall } = pace;
  const asked = path === undefined ? kind : `${kind} ${path}`;
  return `${health}, probe ${asked} every ${interval}, timeout ${timeout}, rise ${rise}, fall ${fall}`;
}

function explainedReplica(replica: ExplainedReplica, now: number): HTMLElement[] {
  const { inRotation, address, host, task, state, reason, since, signals } = replica;
  const verdict = inRotation ? "✔ in rotation" : "✖ out of rotation";
  const age = ageText(now - Date.parse(since));
  const headings = ["from", "says", "reason", "learnt"].map((text) =>
    element("th", { scope: "col" }, text),
  );
  const lines = signals.map((signal) => {
    const learnt = signal.ageMs === null ? "" : `${ageText(signal.ageMs)} ago`;
    const texts = [signal.says, signal.reason, learnt];
    return element("tr", {}, [
      element("th", { scope: "row" }, signal.from),
      ...texts.map((text) => element("td", {}, text)),
    ]);
  });
  return [
    element("h4", {}, `${address} on ${host}: ${verdict}`),
    element("p", {}, `${state} for ${age}: ${reason}`),
    element("p", { class: "quiet" }, `task ${task}`),
    element("table", {}, [
      element("thead", {}, [element("tr", {}, headings)]),
      element("tbody", {}, lines),
    ]),
  ];
}
