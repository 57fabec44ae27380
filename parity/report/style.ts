/** The report's style. Light and dark are one sheet: every colour is a pair, and text on its ground keeps 4.5:1 in both. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f8fafc, #0b1120);
  --surface: light-dark(#ffffff, #131c2e);
  --raised: light-dark(#f1f5f9, #1c2840);
  --line: light-dark(#d5dde8, #2b3a55);
  --text: light-dark(#0f172a, #e6edf7);
  --muted: light-dark(#4d5b70, #9fb0c8);
  --good: light-dark(#166534, #6ddf98);
  --good-ground: light-dark(#dcfce7, #12331f);
  --warn: light-dark(#854d0e, #f5cf6b);
  --warn-ground: light-dark(#fef3c7, #3a2c0c);
  --bad: light-dark(#b42318, #ff9a8d);
  --bad-ground: light-dark(#fee4e2, #431a17);
  --info: light-dark(#1e40af, #a3c4ff);
  --info-ground: light-dark(#dbeafe, #16294d);
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  font: 15px / 1.5 ui-sans-serif, system-ui, "Segoe UI", Helvetica, Arial, sans-serif;
}
*, ::before, ::after { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); }
main { max-width: 76rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
h1 { margin: 0; font-size: 1.65rem; line-height: 1.25; text-wrap: balance; }
h2 { margin: 2.6rem 0 0.3rem; font-size: 1.15rem; }
h2 + p { margin: 0 0 0.9rem; color: var(--muted); max-width: 70ch; }
p { margin: 0.35rem 0; }
a { color: var(--info); }
code, .value { font-family: var(--mono); font-size: 0.88em; }
.muted { color: var(--muted); }

.verdict { padding: 1.4rem 1.5rem; border-radius: 10px; border-left: 6px solid; }
.verdict.clean { background: var(--good-ground); border-color: var(--good); }
.verdict.differences { background: var(--bad-ground); border-color: var(--bad); }
.verdict.errors, .verdict.unfinished { background: var(--warn-ground); border-color: var(--warn); }
.verdict .word { font-weight: 700; font-size: 0.78rem; letter-spacing: 0.08em; text-transform: uppercase; }
.clean .word { color: var(--good); } .differences .word { color: var(--bad); }
.errors .word, .unfinished .word { color: var(--warn); }
.sides { display: grid; grid-template-columns: max-content 1fr; gap: 0.1rem 0.8rem; margin: 0.9rem 0 0; }
.sides dt { color: var(--muted); } .sides dd { margin: 0; overflow-wrap: anywhere; }

.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.2rem, 1fr)); gap: 0.7rem; margin: 1.1rem 0 0; padding: 0; list-style: none; }
.tiles li { padding: 0.7rem 0.9rem; background: var(--surface); border: 1px solid var(--line); border-radius: 8px; }
.tiles b { display: block; font-size: 1.45rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.tiles span { color: var(--muted); font-size: 0.86rem; }
.tiles .bad b { color: var(--bad); } .tiles .warn b { color: var(--warn); } .tiles .good b { color: var(--good); } .tiles .info b { color: var(--info); }

.scroll { overflow-x: auto; background: var(--surface); border: 1px solid var(--line); border-radius: 8px; }
table { width: 100%; border-collapse: collapse; }
th { padding: 0.5rem 0.75rem; text-align: left; font-size: 0.82rem; font-weight: 600; color: var(--muted); border-bottom: 1px solid var(--line); white-space: nowrap; }
td { padding: 0.5rem 0.75rem; vertical-align: top; border-top: 1px solid var(--line); }
tbody tr:first-child td { border-top: 0; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.zero { color: var(--muted); opacity: 0.7; }
td.bad { color: var(--bad); font-weight: 600; }
.bar { width: 8rem; }
.bar i { display: block; height: 0.55rem; margin-top: 0.45rem; min-width: 3px; border-radius: 3px; background: var(--bad); }

details.field { margin-top: 0.7rem; background: var(--surface); border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
details.field > summary { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.2rem 0.9rem; padding: 0.7rem 1rem; cursor: pointer; }
details.field > summary:hover { background: var(--raised); }
details.field > summary code { font-size: 0.95rem; font-weight: 600; }
details.field .scroll { border: 0; border-top: 1px solid var(--line); border-radius: 0; }
summary:focus-visible { outline: 2px solid var(--info); outline-offset: -2px; }
.chip { padding: 0.05rem 0.5rem; border-radius: 1rem; font-size: 0.8rem; font-weight: 600; white-space: nowrap; }
.chip.bad { color: var(--bad); background: var(--bad-ground); }
.chip.warn { color: var(--warn); background: var(--warn-ground); }
.chip.info { color: var(--info); background: var(--info-ground); }
.chip.good { color: var(--good); background: var(--good-ground); }
.cause { color: var(--muted); font-size: 0.9rem; }
.value { overflow-wrap: anywhere; white-space: pre-wrap; }
.value mark { padding: 0.05em 0; border-radius: 2px; color: inherit; background: var(--bad-ground); box-shadow: 0 0 0 1px var(--bad-ground); }
td:nth-child(3) mark { background: var(--good-ground); box-shadow: 0 0 0 1px var(--good-ground); }
.examples table { table-layout: fixed; min-width: 46rem; }
.examples th:nth-child(1) { width: 20%; } .examples th:nth-child(2), .examples th:nth-child(3) { width: 27%; }
td small { display: block; color: var(--muted); } .day { white-space: nowrap; }
.value.none { color: var(--muted); font-style: italic; }
.id { overflow-wrap: anywhere; } .id small { color: var(--muted); }
ul.plain { margin: 0; padding: 0; list-style: none; }
.command { display: block; margin: 0.6rem 0 0; padding: 0.7rem 1rem; background: var(--raised); border-radius: 8px; white-space: pre-wrap; overflow-wrap: anywhere; }
.nothing { padding: 0.8rem 1rem; background: var(--surface); border: 1px dashed var(--line); border-radius: 8px; color: var(--muted); }
.words dt { font-weight: 600; } .words dd { margin: 0 0 0.5rem; color: var(--muted); }
footer { margin-top: 3rem; color: var(--muted); font-size: 0.88rem; }
@media print {
  main { max-width: none; padding: 0; } .scroll { overflow: visible; } details.field { break-inside: avoid; }
}
`;
