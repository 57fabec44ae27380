import { counted } from "../../cli/terminal/counted.ts";
import { formatTime } from "../../cli/terminal/times.ts";
import { spanText } from "../span.ts";
import { differencesIn } from "./build.ts";
import { marked } from "./marked.ts";
import { type Html, html, join } from "./markup.ts";
import type { Example, FieldReport, Report } from "./schema.ts";
import { STYLE } from "./style.ts";
import { headline } from "./words.ts";

/** How many fields are unfolded. */
const OPEN_FIELDS = 6;

/**
 * The report as one file for people: it loads nothing, runs no script, and its content may be any text of either side.
 */
export function reportHtml(report: Report): string {
  const differing = report.fields.filter((field) => differencesIn(field) > 0);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Parity: ${headline(report)}</title>
<style>${STYLE_MARKUP}</style>
</head>
<body>
<main>
${verdict(report)}
${tiles(report)}
${cleanNote(report)}
${overview(differing)}
${examples(differing)}
${worstIds(report)}
${errors(report)}
${ignored(report)}
${noise(report)}
${settled(report)}
${matching(report)}
${notCompared(report)}
${words()}
<footer>${report.settings.file}, seed ${report.settings.seed}. Made by <code>concord parity</code>; <code>--json</code> prints the same.</footer>
</main>
</body>
</html>
`.text;
}

const STYLE_MARKUP: Html = { text: STYLE };

const VERDICTS = {
  clean: "Clean",
  differences: "Not clean",
  errors: "Not decided",
  unfinished: "Not finished",
} as const;

function verdict(report: Report): Html {
  const { verdict: is, old, new: newer, startedAt, endedAt } = report;
  const tookMs = Date.parse(endedAt) - Date.parse(startedAt);
  return html`<header class="verdict ${is}">
<div class="word">${VERDICTS[is]}</div>
<h1>${headline(report)}</h1>
<dl class="sides">
<dt>old</dt><dd><code>${old.url}</code> <span class="muted">${counted(old.requests, "request")}</span></dd>
<dt>new</dt><dd><code>${newer.url}</code> <span class="muted">${counted(newer.requests, "request")}</span></dd>
<dt>when</dt><dd>${formatTime(startedAt)} to ${formatTime(endedAt)} <span class="muted">(${spanText(tookMs)}${report.settings.round > 1 ? `, ${report.settings.round} rounds` : ""})</span></dd>
</dl>
</header>`;
}

function tiles({ items, totals }: Report): Html {
  const differ = totals.mismatch + totals.missingNew + totals.missingOld;
  const share = totals.compared === 0 ? "–" : `${cut((totals.match / totals.compared) * 100)} %`;
  const all: readonly (readonly [string, string, string])[] = [
    [`${number(items.same)} / ${number(items.compared)}`, "items the same", ""],
    [share, `of ${number(totals.compared)} values match`, ""],
    [number(differ), "differences", differ > 0 ? "bad" : "good"],
    [number(totals.lagging), "lagging, proved", totals.lagging > 0 ? "info" : ""],
    [number(totals.error), "not comparable", totals.error > 0 ? "warn" : ""],
    [number(totals.ignored), "ignored by a rule", totals.ignored > 0 ? "warn" : ""],
    [number(totals.noise), "left out as noise", ""],
  ];
  return html`<ul class="tiles">${join(all.map(([value, name, tone]) => html`<li class="${tone}"><b>${value}</b><span>${name}</span></li>`))}</ul>`;
}

/** One decimal, and never rounded up to 100. */
const cut = (percent: number): string => (percent === 100 ? "100" : (Math.floor(percent * 100) / 100).toFixed(2));
const number = (count: number): string => count.toLocaleString("en-US");

function cleanNote({ clean }: Report): Html {
  if (!clean) return html``;
  const { from, to, forMs, neededMs } = clean;
  if (!from || !to)
    return html`<p>There is no time yet in which nothing differed; ${spanText(neededMs)} are asked for.</p>`;
  return html`<p>Nothing differed from ${formatTime(from)} to ${formatTime(to)}: ${spanText(forMs)} of the ${spanText(neededMs)} that are asked for. Differences that were proved to be the old side's lag do not count.</p>`;
}

const section = (title: string, about: string, body: Html): Html =>
  html`<section><h2>${title}</h2><p>${about}</p>${body}</section>`;

function overview(differing: readonly FieldReport[]): Html {
  if (differing.length === 0)
    return section(
      "What differs",
      "",
      html`<div class="nothing">Nothing. Everything that was compared is the same on both sides.</div>`,
    );
  const most = Math.max(...differing.map(differencesIn));
  const rows = differing.map((field) => {
    const {
      field: name,
      compared,
      mismatch,
      missingNew,
      missingOld,
      lagging,
      items,
      likenesses: [first],
    } = field;
    const width = Math.max(2, Math.round((differencesIn(field) / most) * 100));
    return html`<tr><td><a href="#${name}"><code>${name}</code></a>${first ? html`<small>${first.count} × ${first.words}</small>` : html``}</td>${cell(compared)}${cell(items)}${cell(mismatch, "bad")}${cell(missingNew, "bad")}${cell(missingOld, "bad")}${cell(lagging)}<td class="bar"><i style="width:${width}%"></i></td></tr>`;
  });
  return section(
    "What differs most",
    "Fields with a difference that is still there. [] behind a list means an item of it that only one side has.",
    table(["field", "#compared", "#items", "#mismatch", "#not in new", "#not in old", "#lagging", "share"], rows),
  );
}

function cell(count: number, tone = ""): Html {
  return html`<td class="n ${count === 0 ? "zero" : tone}">${number(count)}</td>`;
}

/** A title with # before it is that of a column of numbers. */
const table = (titles: readonly string[], rows: readonly Html[]): Html =>
  html`<div class="scroll" tabindex="0"><table><thead><tr>${join(
    titles.map((title) =>
      title.startsWith("#") ? html`<th class="n">${title.slice(1)}</th>` : html`<th>${title}</th>`,
    ),
  )}</tr></thead><tbody>${join(rows)}</tbody></table></div>`;

function examples(differing: readonly FieldReport[]): Html {
  if (differing.length === 0) return html``;
  return section(
    "Examples, old and new side by side",
    "What is different within a value is marked. The words beside it are a guess at the cause, from the values alone.",
    join(
      differing.map(
        (field, i) =>
          html`<details class="field" id="${field.field}"${i < OPEN_FIELDS ? OPEN : html``}><summary><code>${field.field}</code>${chips(field)}<span class="cause">${causes(field)}</span></summary>${exampleTable(field.examples)}</details>`,
      ),
    ),
  );
}

const OPEN: Html = { text: " open" };

const chips = ({ mismatch, missingNew, missingOld }: FieldReport): Html =>
  join(
    [
      [mismatch, "mismatch"],
      [missingNew, "not in new"],
      [missingOld, "not in old"],
    ].map(([count, name]) => (count ? html`<span class="chip bad">${count} ${name ?? ""}</span>` : html``)),
  );

const causes = ({ likenesses }: FieldReport): string =>
  likenesses.map(({ words: said, count }) => `${count} × ${said}`).join("; ");

function exampleTable(all: readonly Example[], withState = false): Html {
  const rows = all.map((example) => {
    const { id, likeness = "", firstSeen, message } = example;
    const [old, newer] = marked(example);
    const what = withState && "state" in example ? stateChip(String(example.state)) : html``;
    return html`<tr><td class="id"><code>${id}</code>${placeOf(example, withState)}</td>${value(old)}${value(newer)}<td>${what} ${message ?? likeness}<small class="muted">since ${formatTime(firstSeen)}</small></td></tr>`;
  });
  return html`<div class="examples">${table(["item", "old", "new", "what they have in common"], rows)}</div>`;
}

/** Which value of an item it is, where its field does not say so. */
function placeOf({ document, at }: Example, withDocument: boolean): Html {
  if (withDocument) return html`<small>${at === "" ? document : `${document}.${at}`}</small>`;
  return at === "" ? html`<small>as a whole</small>` : at.includes("[") ? html`<small>${at}</small>` : html``;
}

const value = (content: Html | null): Html =>
  content === null ? html`<td class="value none">nothing</td>` : html`<td class="value">${content}</td>`;

const STATE_WORDS: Readonly<Record<string, readonly [string, string]>> = {
  lagging: ["info", "lagging"],
  moved: ["warn", "agreed later"],
  answered: ["good", "answered later"],
};

function stateChip(state: string): Html {
  const [tone, name] = STATE_WORDS[state] ?? ["info", state];
  return html`<span class="chip ${tone}">${name}</span>`;
}

function worstIds({ ids, settings }: Report): Html {
  const [first] = ids;
  if (!first) return html``;
  const rows = ids.slice(0, 25).map(({ document, id, differences, fields }) => {
    const names = fields.map((field) => field.slice(document.length + 1) || "as a whole");
    return html`<tr><td class="id"><code>${id}</code></td><td>${document}</td>${cell(differences, "bad")}<td>${names.join(", ")}</td></tr>`;
  });
  const more =
    ids.length > rows.length
      ? ` ${ids.length === 100 ? "More than " : ""}${ids.length - rows.length} others are in --json.`
      : "";
  return section(
    "Items to look at",
    `Those with most differences first.${more} One of them is compared again, after it was mended, by:`,
    html`<code class="command">npx concord parity --config ${settings.file} --document ${first.document} --id ${first.id}</code><br>${table(["item", "document", "#differences", "fields"], rows)}`,
  );
}

function errors({ errors: all }: Report): Html {
  if (all.length === 0) return html``;
  const rows = all.map(
    ({ document, message, count, ids }) =>
      html`<tr><td>${document}</td><td class="value">${message}</td>${cell(count)}<td class="id"><code>${ids.slice(0, 5).join(", ")}</code></td></tr>`,
  );
  return section(
    "Could not be compared",
    "A side answered with an error, or not at all, as often as it was asked. That is no difference, and no match either.",
    table(["document", "what it said", "#times", "items"], rows),
  );
}

function ignored({ ignored: all, endedAt }: Report): Html {
  if (all.length === 0) return html``;
  const rows = all.map(({ field, ids, reason, until, differences, examples: own }) => {
    const days = Math.ceil((Date.parse(`${until}T23:59:59Z`) - Date.parse(endedAt)) / 86_400_000);
    const [example] = own;
    const [old, newer] = example ? marked(example) : [html``, html``];
    const unused = differences === 0 ? html` <span class="chip warn">no longer needed</span>` : html``;
    return html`<tr><td><code>${field}</code>${ids ? html`<br><small class="muted">only ${ids.slice(0, 5).join(", ")}</small>` : html``}</td><td>${reason}</td><td class="day">${until}<br><small class="muted">${counted(days, "day")} left</small></td>${cell(differences)}<td class="value">${example ? html`${old ?? "nothing"} <span class="muted">→</span> ${newer ?? "nothing"}` : html``}${unused}</td></tr>`;
  });
  return section(
    "Ignored, and until when",
    "These may differ. After its day a rule is an error, so that nothing is ignored for longer than somebody has said.",
    table(["field", "why", "until", "#differences", "an example, old → new"], rows),
  );
}

function noise({ noise: all }: Report): Html {
  if (all.length === 0) return html``;
  const rows = all.map(({ field, compared, differed, isLeftOut, differences, examples: [example] }) => {
    const how = compared === 0 ? "not in the control run" : `${differed} of ${compared}`;
    const left = isLeftOut
      ? html`<span class="chip warn">the whole field</span>`
      : html`<span class="chip info">some items</span>`;
    return html`<tr><td><code>${field}</code></td><td class="n">${how}</td><td>${left}</td>${cell(differences)}<td class="value">${example ? `${example.old} / ${example.new}` : ""}</td></tr>`;
  });
  return section(
    "Noise of the old side",
    "Asked twice in a row, the old side answers these differently. Nothing can be said of them, so they are left out.",
    table(["field", "#differs from itself", "left out", "#differences", "an example, old / new"], rows),
  );
}

function settled({ settled: all }: Report): Html {
  if (all.length === 0) return html``;
  return section(
    "Differences that are no longer there",
    "Lagging: later both sides had what the new one had first. Agreed later: they have the same now, which the new side did not have at first, so that a lag is not proved.",
    html`<details class="field"><summary>${counted(all.length, "example")}</summary>${exampleTable(all, true)}</details>`,
  );
}

function matching({ fields, noise: all }: Report): Html {
  const leftOut = new Set(all.flatMap(({ field, isLeftOut }) => (isLeftOut ? field : [])));
  const same = fields.filter((each) => differencesIn(each) === 0 && !leftOut.has(each.field));
  if (same.length === 0) return html``;
  const rows = same.map(
    ({ field, compared, matched, lagging, moved, error }) =>
      html`<tr><td><code>${field}</code></td>${cell(compared)}${cell(matched)}${cell(lagging)}${cell(moved)}${cell(error)}</tr>`,
  );
  return section(
    "Fields without a difference",
    "A field that was compared 0 times is one that nobody has seen: look for items that have it.",
    html`<details class="field"><summary>${counted(same.length, "field")}</summary>${table(["field", "#compared", "#match", "#lagging", "#agreed later", "#error"], rows)}</details>`,
  );
}

function notCompared({ notCompared: all }: Report): Html {
  if (all.length === 0) return html``;
  const rows = all.map(
    ({ document, side, fields }) =>
      html`<tr><td>${document}</td><td>${side}</td><td><code>${fields.join(", ")}</code></td></tr>`,
  );
  return section(
    "Selected, and compared by no field",
    "The documents ask for these, and the file says nothing about them. They are not part of the verdict.",
    table(["document", "side", "fields"], rows),
  );
}

const WORDS = [
  ["match", "The same on both sides, after the file's conversions and within its tolerance."],
  ["mismatch", "Both sides have a value, and another one, as often as they were asked."],
  ["not in new, not in old", "One side has a value or an item, and the other has nothing there."],
  [
    "lagging",
    "It differed, and when asked again both sides had the value that the new side had: the old one was late. It is no difference.",
  ],
  ["not comparable", "A side answered with an error or not at all."],
] as const;

const words = (): Html =>
  section(
    "What the words mean",
    "",
    html`<dl class="words">${join(WORDS.map(([word, meaning]) => html`<dt>${word}</dt><dd>${meaning}</dd>`))}</dl>`,
  );
