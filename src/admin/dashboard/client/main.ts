import { choose } from "./choice.ts";
import { Connection } from "./connection.ts";
import { Controls } from "./controls.ts";
import { byId, mark, say } from "./elements.ts";
import { ExplanationDialog } from "./explanation.ts";
import { History } from "./history.ts";
import { List } from "./list.ts";
import { Panels } from "./panels.ts";
import { toRows, type Row } from "./rows.ts";
import { Store } from "./store.ts";

/** Services that may be unfolded at once; the one unfolded first is folded again. */
const mostUnfolded = 32;

const store = new Store();
const history = new History();
const unfolded = new Set<string>();
const panels = new Panels();
const explanation = new ExplanationDialog();
const controls = new Controls(showServices);
const list = new List(
  {
    scroller: byId("scroller", HTMLElement),
    table: byId("services", HTMLTableElement),
    body: byId("service-rows", HTMLTableSectionElement),
  },
  { toggle, explain },
);
const connection = new Connection({
  began: (change) => {
    store.begin(change, performance.now());
    show();
  },
  changed: (change) => {
    store.take(change, performance.now());
    show();
  },
  replicas: (replicas) => {
    store.takeReplicas(replicas);
    showServices();
  },
  state: (isLive) => {
    const place = byId("connection", HTMLElement);
    say(place, isLive ? "● live" : "○ no connection, trying again…");
    mark(place, "data-live", String(isLive));
  },
});

document.title = `portolan · ${location.host}`;
connection.listen([]);
passTime();

/** Ages and sparklines move on also while nothing is heard. */
function passTime(): void {
  setTimeout(() => {
    history.note(samples());
    if (!document.hidden) show();
    passTime();
  }, 1000);
}

function* samples(): Iterable<readonly [string, number]> {
  for (const [key, [, opened]] of store.traffic) yield [key, opened];
}

function show(): void {
  panels.show(store, store.now(performance.now()));
  controls.offer([...new Set(store.sources.map(({ name }) => name))]);
  showServices();
}

function showServices(): void {
  const chosen = choose(store.services.values(), store.traffic, controls.wish);
  controls.count(chosen.length, store.services.size);
  const isEmpty = chosen.length === 0;
  const why = store.services.size === 0 ? "No services yet" : "No service matches";
  mark(byId("scroller", HTMLElement), "data-empty", isEmpty ? why : "");
  list.show(toRows(chosen, store, unfolded), {
    now: store.now(performance.now()),
    historyOf: (id) => history.of(id),
  });
}

function toggle(row: Row): void {
  if (row.kind !== "service") return;
  const { key } = row.service;
  if (!unfolded.delete(key)) {
    const [first] = unfolded;
    if (unfolded.size >= mostUnfolded && first !== undefined) unfolded.delete(first);
    unfolded.add(key);
  }
  connection.listen([...unfolded]);
  showServices();
}

function explain(row: Row): void {
  if (row.kind === "note") return;
  const address = row.kind === "replica" ? row.replica.address : undefined;
  void explanation.show(row.service.app, address, store.now(performance.now()));
}
