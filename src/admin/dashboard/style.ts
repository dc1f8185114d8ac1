/** The style sheet of the dashboard. The height of a line is known to `client/list.ts`, too. */
export const style: string = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --panel: #fff; --line: #d9dde3; --text: #1b2129; --quiet: #5a6573;
  --good: #17692f; --warn: #8a5300; --bad: #b3201b; --calm: #1d57a8; --odd: #7a2a96; --focus: #1d57a8;
  --stripe: #f0f2f5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161c; --panel: #1a2028; --line: #313a46; --text: #e4e8ee; --quiet: #9aa6b5;
    --good: #62d488; --warn: #f0b54a; --bad: #ff8078; --calm: #82b4ff; --odd: #d79bf0; --focus: #82b4ff;
    --stripe: #161b22;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; background: var(--ground); color: var(--text); font: 14px/1.4 system-ui, sans-serif; }
header, main, footer { padding: 0 16px; max-width: 2200px; margin: 0 auto; }
header { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: baseline; padding-top: 12px; }
h1 { font-size: 20px; margin: 0; }
h2 { font-size: 15px; margin: 20px 0 6px; }
h3 { font-size: 14px; margin: 16px 0 4px; }
h4 { font-size: 14px; margin: 12px 0 2px; overflow-wrap: anywhere; }
p { margin: 2px 0; }
.quiet, .none { color: var(--quiet); }
.bad { color: var(--bad); }
#connection[data-live="true"], [data-phase="OK"] { color: var(--good); }
#connection[data-live="false"], [data-phase="INITIALIZING"], [data-phase="TERMINATING"] { color: var(--warn); }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(110px, 1fr)); gap: 8px; margin: 12px 0 0; }
dl div { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 6px 10px; }
dt { color: var(--quiet); font-size: 12px; }
dd { margin: 0; font-size: 18px; font-variant-numeric: tabular-nums; }
dd.bad { color: var(--bad); }
.controls { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: end; margin: 6px 0; }
.controls label { display: grid; gap: 2px; font-size: 12px; color: var(--quiet); }
input, select, button { font: inherit; color: inherit; }
input, select { background: var(--panel); border: 1px solid var(--line); border-radius: 4px; padding: 4px 8px; }
#search { width: min(320px, 80vw); }
button { background: none; border: 0; padding: 0; cursor: pointer; text-align: inherit; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: -1px; }
.panel { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; overflow: auto; max-height: 320px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 4px 8px; font-weight: normal; vertical-align: top; overflow-wrap: break-word; }
thead th { white-space: nowrap; color: var(--quiet); font-size: 12px; position: sticky; top: 0; background: var(--panel); z-index: 1;
  box-shadow: inset 0 -1px var(--line); }
.scroller { max-height: none; height: clamp(160px, var(--content, 160px), 64vh); contain: strict; }
.scroller[data-empty]::after { content: attr(data-empty); display: block; padding: 10px 8px; color: var(--quiet); }
#routing td:nth-child(2) { white-space: nowrap; }
#services { table-layout: fixed; min-width: 1400px; font-variant-numeric: tabular-nums; }
#services th, #services td { height: 30px; padding: 0 8px; line-height: 29px; white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis; border-bottom: 1px solid var(--line); }
#services th:first-child, #services td:first-child { position: sticky; left: 0; background: inherit; }
#services tbody tr { background: var(--panel); }
#services thead th:first-child { z-index: 2; background: var(--panel); }
#services tr.spacer td { padding: 0; border: 0; height: 0; }
#services tbody .replica, #services tbody .note { background: var(--stripe); }
#services .replica .name, #services .note .name { padding-left: 22px; }
#services button.name { max-width: 100%; overflow: hidden; text-overflow: ellipsis; vertical-align: bottom; }
#services .service .name::before { content: "▸" / ""; display: inline-block; width: 1.1em; color: var(--quiet); }
#services .service .name[aria-expanded="true"]::before { content: "▾" / ""; }
#services .note .name { cursor: default; color: var(--quiet); }
th[aria-sort="ascending"] button::after { content: " ▲" / ""; }
th[aria-sort="descending"] button::after { content: " ▼" / ""; }
.port, .weight, .open, .opened, .received, .sent, .failed, .mended, .total, .since { text-align: right !important; }
.why { border: 1px solid var(--line) !important; border-radius: 4px; padding: 0 6px !important; margin-right: 8px;
  font-size: 12px; line-height: 18px; }
td[data-state="up"] { color: var(--good); }
td[data-state="impaired"], td[data-state="unknown"] { color: var(--warn); }
td[data-state="down"] { color: var(--bad); }
td[data-state="draining"] { color: var(--calm); }
td[data-state="ejected"] { color: var(--odd); }
svg { width: 72px; height: 18px; display: block; margin-top: 5px; }
polyline { fill: none; stroke: var(--calm); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
dialog { width: min(900px, 94vw); max-height: 86vh; border: 1px solid var(--line); border-radius: 8px;
  background: var(--panel); color: var(--text); padding: 12px 20px 20px; }
dialog::backdrop { background: rgb(0 0 0 / 45%); }
dialog header { padding: 0; justify-content: space-between; align-items: start; }
dialog h2 { margin: 0; overflow-wrap: anywhere; }
dialog table { table-layout: fixed; }
dialog th:nth-child(1), dialog th:nth-child(4) { width: 18%; }
dialog th:nth-child(2) { width: 12%; }
dialog button { border: 1px solid var(--line); border-radius: 4px; padding: 2px 10px; }
footer { padding: 16px; color: var(--quiet); }
a { color: var(--calm); }
.c-name { width: 204px; } .c-state { width: 92px; } .c-port { width: 66px; } .c-mode { width: 122px; }
.c-small { width: 58px; } .c-rate { width: 78px; } .c-errors { width: 80px; } .c-mended { width: 92px; }
.c-trend { width: 88px; } .c-since { width: 66px; } .c-reason { width: auto; }
@media (max-width: 700px) {
  header, main, footer { padding-left: 8px; padding-right: 8px; }
  dl { grid-template-columns: repeat(2, 1fr); }
  #services { min-width: 1200px; }
  .panel > table { min-width: 640px; }
  .c-name { width: 170px; }
}
@media (prefers-contrast: more) { :root { --quiet: var(--text); --line: currentcolor; } }
`.trimStart();
