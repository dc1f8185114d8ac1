import { rowsOf, sortOrders, type TopState } from "./state.ts";

/** A key as a terminal sends it, less the escape codes: `up`, `enter`, `q`. */
export type Key = string;

/** Keys that terminals send as more than one character, or as one that cannot be shown. */
const codes: ReadonlyMap<string, Key> = new Map([
  ["\u001B[A", "up"],
  ["\u001B[B", "down"],
  ["\u001B[C", "right"],
  ["\u001B[D", "left"],
  ["\u001BOA", "up"],
  ["\u001BOB", "down"],
  ["\u001BOC", "right"],
  ["\u001BOD", "left"],
  ["\u001B[5~", "page-up"],
  ["\u001B[6~", "page-down"],
  ["\u001B[H", "home"],
  ["\u001B[F", "end"],
  ["\u001B[1~", "home"],
  ["\u001B[4~", "end"],
  ["\u001B", "escape"],
  ["\r", "enter"],
  ["\n", "enter"],
  ["\u007F", "backspace"],
  ["\b", "backspace"],
  ["\u0003", "ctrl-c"],
  ["\u0004", "ctrl-c"],
]);

/** The keys in what a terminal sent at once. */
export function readKeys(text: string): Key[] {
  // oxlint-disable-next-line no-control-regex -- escape sequences begin with one
  const parts = text.match(/\u001B(?:\[[\d;]*[A-Za-z~]|O[A-Z])|[^]/gu) ?? [];
  return parts.map((part) => codes.get(part) ?? part);
}

/** The state after a key; "quit" when it ends the program. `page` is the number of lines in sight. */
export function press(state: TopState, key: Key, page: number): TopState | "quit" {
  if (key === "ctrl-c") return "quit";
  if (state.view === "filter") return typed(state, key);
  if (key === "q") return state.view === "services" ? "quit" : { ...state, view: "services" };
  if (state.view === "services") return listKeys(state, key, page);
  // Any other key leaves a view that only shows something.
  return { ...state, view: "services" };
}

const longestFilter = 100;

function typed(state: TopState, key: Key): TopState {
  if (key === "enter") return { ...state, view: "services" };
  if (key === "escape") return { ...state, view: "services", filter: "" };
  if (key === "backspace") return { ...state, filter: state.filter.slice(0, -1) };
  const isText = Array.from(key).length === 1 && key >= " ";
  return isText ? { ...state, filter: `${state.filter}${key}`.slice(0, longestFilter) } : state;
}

function listKeys(state: TopState, key: Key, page: number): TopState {
  const step = stepOf(key, page);
  if (step !== undefined) return moved(state, step);
  return actions.get(key)?.(state) ?? state;
}

const actions: ReadonlyMap<Key, (state: TopState) => TopState> = new Map([
  ["s", (state) => ({ ...state, sort: nextSort(state), isReversed: false })],
  ["r", (state) => ({ ...state, isReversed: !state.isReversed })],
  ["/", (state) => ({ ...state, view: "filter" })],
  ["escape", (state) => ({ ...state, filter: "" })],
  ["p", (state) => ({ ...state, view: "problems" })],
  ["?", (state) => ({ ...state, view: "help" })],
  ["h", (state) => ({ ...state, view: "help" })],
  ["enter", (state) => turned(state, "either")],
  [" ", (state) => turned(state, "either")],
  ["right", (state) => turned(state, "unfold")],
  ["left", (state) => turned(state, "fold")],
]);

function nextSort({ sort }: TopState): TopState["sort"] {
  return sortOrders[(sortOrders.indexOf(sort) + 1) % sortOrders.length] ?? "port";
}

function stepOf(key: Key, page: number): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    up: -1,
    k: -1,
    down: 1,
    j: 1,
    "page-up": -page,
    "page-down": page,
    home: -Infinity,
    end: Infinity,
  };
  return Object.hasOwn(steps, key) ? steps[key] : undefined;
}

function moved(state: TopState, step: number): TopState {
  const rows = rowsOf(state);
  const now = Math.max(
    0,
    rows.findIndex(({ id }) => id === state.selected),
  );
  const goal = Math.max(0, Math.min(rows.length - 1, now + step));
  return { ...state, selected: rows[goal]?.id };
}

const mostUnfolded = 32;

/** Folds and unfolds the service that is selected, or whose replica is. */
function turned(state: TopState, wish: "fold" | "unfold" | "either"): TopState {
  const rows = rowsOf(state);
  const row = rows.find(({ id }) => id === state.selected) ?? rows[0];
  if (row === undefined) return state;
  const service = row.service.key;
  const isUnfolded = state.unfolded.has(service);
  if (wish === (isUnfolded ? "unfold" : "fold")) return state;
  const others = [...state.unfolded].filter((one) => one !== service);
  const unfolded = isUnfolded ? others : [...others, service].slice(-mostUnfolded);
  return { ...state, selected: service, unfolded: new Set(unfolded) };
}
