export type Line = { readonly name: string; readonly points: readonly (readonly [x: number, y: number])[] };

export type Plot = {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly lines: readonly Line[];
};

const [WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM] = [640, 320, 64, 44, 150, 44];
const COLOURS = ["#1d4ed8", "#0f766e", "#b45309", "#7e22ce", "#b91c1c"];

/** A line chart with a logarithmic x axis; y begins at zero. */
export function plotSvg({ title, xLabel, yLabel, lines }: Plot): string {
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(([x]) => x)))].toSorted((a, b) => a - b);
  const top = niceAbove(Math.max(...lines.flatMap(({ points }) => points.map(([, y]) => y))));
  const [first = 1, last = 10] = [xs[0], xs.at(-1)];
  const span = Math.log10(last / first) || 1;
  const x = (value: number) => LEFT + (Math.log10(value / first) / span) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const text = (at: readonly [number, number], what: string, attributes = "") =>
    `<text x="${round(at[0])}" y="${round(at[1])}" ${attributes}>${escaped(what)}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="ui-sans-serif, system-ui, sans-serif" font-size="12" fill="#334155" role="img" aria-label="${escaped(title)}">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" rx="10" fill="#f8fafc"/>`,
    text([LEFT, 24], title, 'font-size="14" font-weight="600" fill="#0f172a"'),
    ...[0, 0.25, 0.5, 0.75, 1].flatMap((part) => [
      `<path d="M${LEFT} ${round(y(top * part))}H${WIDTH - RIGHT}" stroke="#e2e8f0"/>`,
      text([LEFT - 8, y(top * part) + 4], number(top * part), 'text-anchor="end"'),
    ]),
    ...xs.map((value) => text([x(value), HEIGHT - BOTTOM + 18], number(value), 'text-anchor="middle"')),
    text([(LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8], xLabel, 'text-anchor="middle"'),
    text([LEFT, TOP - 6], yLabel),
    ...lines.flatMap(({ name, points }, i) => {
      const colour = COLOURS[i % COLOURS.length];
      const path = points.map(([px, py], j) => `${j === 0 ? "M" : "L"}${round(x(px))} ${round(y(py))}`).join("");
      const dots = points.map(
        ([px, py]) => `<circle cx="${round(x(px))}" cy="${round(y(py))}" r="3" fill="${colour}"/>`,
      );
      return [
        `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        ...dots,
        `<rect x="${WIDTH - RIGHT + 14}" y="${TOP + i * 20}" width="10" height="10" fill="${colour}"/>`,
        text([WIDTH - RIGHT + 30, TOP + 9 + i * 20], name),
      ];
    }),
    "</svg>\n",
  ].join("\n");
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** The next of 1, 2, 5, 10, 20, … */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

const number = (value: number): string =>
  value >= 1_000_000
    ? `${value / 1_000_000}M`
    : value >= 1_000
      ? `${value / 1_000}k`
      : String(Math.round(value * 100) / 100);

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
