import type { Plan } from "#ops/api.ts";
import { formatCount } from "../../parts/numbers.ts";
import { type Part, StackedBar } from "../../parts/stacked-bar.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { hrefOf } from "../../route.ts";
import { OUTCOME_TONES } from "./outcome-tones.ts";
import { formatLetters } from "./words.ts";

type Line = Part & { readonly why?: string; readonly href?: string };

/** How each selected letter would end, those that pass first. */
export function linesOfPlan(plan: Plan): Line[] {
  const { passes, superseded, duplicate, stillFailing, refused, tooLarge } = plan;
  const lines: Line[] = [
    { name: "pass", count: passes, tone: OUTCOME_TONES.applied, why: "change or confirm what is known" },
    {
      name: "superseded",
      count: superseded,
      tone: OUTCOME_TONES.superseded,
      why: "newer data is known; they close without a write",
    },
    {
      name: "duplicate",
      count: duplicate,
      tone: OUTCOME_TONES.duplicate,
      why: "already known; they close without a write",
    },
    ...stillFailing.map(
      ({ group, signature, count }): Line => ({
        name: "still fail",
        count,
        tone: "bad",
        why: signature,
        href: hrefOf(["groups", group]),
      }),
    ),
    ...refused.map(({ why, count }): Line => ({ name: "not sent", count, tone: "quiet", why })),
    { name: "too large", count: tooLarge, tone: "warn", why: "more than a queue message carries" },
  ];
  return lines.filter(({ name, count }) => count > 0 || name === "pass");
}

const COLUMNS: readonly Column<Line>[] = [
  {
    name: "Forecast",
    isName: true,
    cell: ({ name, tone }) => (
      <>
        <span class={`swatch fill-${tone}`} aria-hidden="true" /> {name}
      </>
    ),
  },
  { name: "Letters", isNumber: true, cell: ({ count }) => formatCount(count) },
  { name: "Why", cell: ({ why, href }) => (href ? <a href={href}>{why}</a> : why) },
];

type PlanPictureProps = { readonly plan: Plan; readonly hash: string; readonly isOpen: boolean };

/** The plan as a bar and a table: what passes, and what does not and why. */
export function PlanPicture({ plan, hash, isOpen }: PlanPictureProps) {
  const lines = linesOfPlan(plan);
  return (
    <section class="card stack" aria-labelledby="plan">
      <h2 id="plan">The plan for {formatLetters(plan.selected)}</h2>
      <StackedBar
        parts={lines.map((line, i) => ({ ...line, name: `${line.name}${i ? ` (${line.why})` : ""}` }))}
        total={plan.selected}
        label="Plan"
      />
      <Table class="plan" columns={COLUMNS} items={lines} keyOf={({ name, why }) => `${name} ${why}`} />
      {plan.upcast?.map(({ topic, from, to, count }) => (
        <p key={`${topic} ${from}`}>
          {formatLetters(count)} of <code>{topic}</code> will be converted from version {from} of the contract to {to}.
        </p>
      ))}
      <p class="muted">
        Hash <code class="hash">{hash}</code>.
        {isOpen && " This plan can be started for one hour, and until the next deployment."}
      </p>
    </section>
  );
}
