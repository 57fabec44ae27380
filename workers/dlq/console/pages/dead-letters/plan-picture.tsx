import type { Plan } from "../../../../../src/shared/desk/api.ts";
import { countOf } from "../../parts/numbers.ts";
import { type Part, StackedBar } from "../../parts/stacked-bar.tsx";
import { hrefOf } from "../../route.ts";
import { lettersOf } from "./words.ts";

type Line = Part & { readonly why?: string; readonly href?: string };

/** What would become of each selected letter, those that pass first. */
export function linesOfPlan(plan: Plan): Line[] {
  const { passes, superseded, duplicate, stillFailing, refused, tooLarge } = plan;
  const lines: Line[] = [
    { name: "pass", count: passes, tone: "good", why: "and change or confirm what is known" },
    { name: "superseded", count: superseded, tone: "known", why: "newer is known; they close without a write" },
    { name: "duplicate", count: duplicate, tone: "info", why: "known already; they close without a write" },
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
    { name: "too large", count: tooLarge, tone: "warn", why: "for a queue message" },
  ];
  return lines.filter(({ name, count }) => count > 0 || name === "pass");
}

type PlanPictureProps = { readonly plan: Plan; readonly hash: string };

/** The plan as a bar and a table: what passes, and what does not and why. */
export function PlanPicture({ plan, hash }: PlanPictureProps) {
  const lines = linesOfPlan(plan);
  return (
    <section class="card stack" aria-labelledby="plan">
      <h2 id="plan">The plan for {lettersOf(plan.selected)}</h2>
      <StackedBar
        parts={lines.map((line, i) => ({ ...line, name: `${line.name}${i ? ` (${line.why})` : ""}` }))}
        total={plan.selected}
        label="Plan"
      />
      <div class="scroll">
        <table class="plan">
          <thead>
            <tr>
              <th scope="col">They</th>
              <th scope="col" class="num">
                Letters
              </th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {lines.map(({ name, count, tone, why, href }) => (
              <tr key={`${name} ${why}`}>
                <th scope="row">
                  <span class={`swatch fill-${tone}`} aria-hidden="true" /> {name}
                </th>
                <td class="num">{countOf(count)}</td>
                <td>{href ? <a href={href}>{why}</a> : why}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="muted">
        Hash <code class="hash">{hash}</code>. Only this plan can be started, for an hour and until the next deployment.
      </p>
    </section>
  );
}
