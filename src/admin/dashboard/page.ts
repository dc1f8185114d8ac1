/** The dashboard's page; `script` is the path of its program and `plain` what is shown where none may run. */
export function dashboardPage(script: string, plain: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>portolan</title>
<link rel="icon" href="/dashboard/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/dashboard/style.css">
<script type="module" src="${script}"></script>
</head>
<body>
<header>
<h1>portolan <small id="version" class="quiet"></small></h1>
<span id="phase"></span>
<span id="connection" role="status">connecting…</span>
</header>
<main>
<noscript><p>The live view needs JavaScript; this is what there is without it.</p><pre>${escaped(plain)}</pre></noscript>
${overviewPart()}
${servicesPart()}
${happeningsPart()}
</main>
<footer>For programs: ${links.map((path) => `<a href="${path}">${path}</a>`).join(" · ")}</footer>
<dialog id="explanation" aria-labelledby="explanation-title">
<header><h2 id="explanation-title"></h2><button type="button" id="explanation-close">Close</button></header>
<div id="explanation-text"></div>
</dialog>
</body>
</html>
`;
}

/** A rose of the winds, as on a portolan chart. */
export const icon: string = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#1d57a8" d="M8 0l2 6 6 2-6 2-2 6-2-6-6-2 6-2z"/></svg>
`;

const figures = [
  ["services", "services served"],
  ["replicas", "replicas up"],
  ["open", "open connections"],
  ["opened", "new connections"],
  ["received", "from clients"],
  ["sent", "to clients"],
  ["failed", "errors"],
  ["problems", "problems"],
] as const;

interface Column {
  readonly title: string;
  readonly width: string;
  /** Its class in the rows, and what the list is sorted by where it can be. */
  readonly name: string;
  readonly isFixed?: true;
}

const columns: readonly Column[] = [
  { title: "service", width: "name", name: "service" },
  { title: "state", width: "state", name: "state" },
  { title: "port", width: "port", name: "port" },
  { title: "mode / host", width: "mode", name: "mode" },
  { title: "weight", width: "small", name: "weight", isFixed: true },
  { title: "open", width: "small", name: "open" },
  { title: "new/s", width: "small", name: "opened" },
  { title: "in B/s", width: "rate", name: "received" },
  { title: "out B/s", width: "rate", name: "sent" },
  { title: "errors", width: "errors", name: "failed" },
  { title: "retry · deny", width: "mended", name: "mended", isFixed: true },
  { title: "total", width: "small", name: "total" },
  { title: "last minute", width: "trend", name: "trend", isFixed: true },
  { title: "since", width: "since", name: "since", isFixed: true },
  { title: "reason", width: "reason", name: "reason", isFixed: true },
];

const links = ["/status", "/metrics", "/api/table", "/api/sources", "/api/problems"];

function overviewPart(): string {
  return `<dl>${figures.map(([id, title]) => `<div><dt>${title}</dt><dd id="figure-${id}">–</dd></div>`).join("")}</dl>
<h2 id="sources-title">Sources</h2>
<div class="panel"><table aria-labelledby="sources-title">
<thead>${headings(["source", "state", "read", "where", "counts", "last error"])}</thead>
<tbody id="sources"></tbody></table></div>`;
}

function servicesPart(): string {
  return `<h2 id="services-title">Services</h2>
<div class="controls" role="search">
<label>Search <input id="search" type="search" placeholder="app, port, address… ( / )" autocomplete="off"></label>
<label>State <select id="standing">
<option value="all">all states</option><option value="up">all replicas up</option>
<option value="impaired">some replicas out</option><option value="down">no replica up</option>
<option value="problem">with problems</option></select></label>
<label>Source <select id="source"><option value="">all sources</option></select></label>
<span id="count" role="status" class="quiet"></span>
</div>
<div id="scroller" class="panel scroller" role="region" aria-labelledby="services-title" tabindex="0">
<table id="services" aria-labelledby="services-title">
<colgroup>${columns.map(({ width }) => `<col class="c-${width}">`).join("")}</colgroup>
<thead><tr>${columns.map((column) => serviceHeading(column)).join("")}</tr></thead>
<tbody id="service-rows"></tbody></table></div>`;
}

function happeningsPart(): string {
  return `<h2 id="problems-title">Problems</h2>
<div class="panel"><table aria-labelledby="problems-title">
<thead>${headings(["kind", "about", "what", "since"])}</thead>
<tbody id="problems"></tbody></table></div>
<p id="problems-more" class="quiet"></p>
<h2 id="routing-title">Last routing changes</h2>
<div class="panel"><table aria-labelledby="routing-title">
<thead>${headings(["table", "at", "what changed"])}</thead>
<tbody id="routing"></tbody></table></div>`;
}

function serviceHeading({ title, name, isFixed }: Column): string {
  const sorted = name === "port" ? ' aria-sort="ascending"' : "";
  const content = isFixed ? title : `<button type="button" data-sort="${name}">${title}</button>`;
  return `<th scope="col" class="${name}"${sorted}>${content}</th>`;
}

function headings(titles: readonly string[]): string {
  return `<tr>${titles.map((title) => `<th scope="col">${title}</th>`).join("")}</tr>`;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => entities[character] ?? "");
}
