import type { Row } from "../local/screen.ts";
import { atMost, type Gate, rounded } from "./gates.ts";
import { ASKED, type Asked, BY_DEALERS, type Filtered, type GrowthFigures } from "./growth.ts";
import type { Line, Plot } from "./plot.ts";

const ASKED_NAMES: Readonly<Record<Asked, string>> = {
  device: "a device by key",
  page: "a page of 50",
  smallDealer: "a small dealer",
  largeDealer: "a large dealer",
};

const filteredNames = ({ sizes }: GrowthFigures): Filtered[] => Object.keys(sizes[0]?.filtered ?? {}) as Filtered[];

const rowsOf = ({ sizes }: GrowthFigures, name: Filtered): number[] =>
  sizes.map(({ filtered }) => filtered?.[name].rowsRead ?? Number.NaN);

const spreadOf = (rows: readonly number[]): number => Math.max(...rows) / Math.min(...rows);

export function growthRows(growth: GrowthFigures): Row[] {
  const { sizes, oneAndMany } = growth;
  const first = sizes[0];
  return [
    ...ASKED.flatMap((name) =>
      sizes.map(({ devices, cost, rate }): Row => {
        const slower = rate[name].p50Ms / (first?.rate[name].p50Ms ?? Number.NaN);
        return [
          `${ASKED_NAMES[name]}, ${devices} devices`,
          `${cost[name].rowsRead} rows`,
          `p50 ${rounded(slower)} of it`,
        ];
      }),
    ),
    ...filteredNames(growth).map(
      (name): Row => [
        name,
        `${rowsOf(growth, name).join(", ")} rows`,
        `at ${sizes.map(({ devices }) => devices).join(", ")} devices`,
      ],
    ),
    ...Object.entries(oneAndMany).map(
      ([name, [one, many]]): Row => [name, `${rounded(many.p50Ms / one.p50Ms)} times`, "p50 of many to that of one"],
    ),
  ];
}

/** The charts, by file name. */
export function plotsOf({ growth }: { readonly growth?: GrowthFigures }): Readonly<Record<string, Plot>> {
  if (!growth) return {};
  const lines = (of: (size: GrowthFigures["sizes"][number], name: Asked) => number): Line[] =>
    ASKED.map((name) => ({
      name: ASKED_NAMES[name],
      points: growth.sizes.map((size) => [size.devices, of(size, name)] as const),
    }));
  const first = growth.sizes[0];
  return {
    "growth-rows.svg": {
      title: "Rows read by a query",
      xLabel: "devices",
      yLabel: "rows",
      lines: lines(({ cost }, name) => cost[name].rowsRead),
    },
    "growth-time.svg": {
      title: "Latency of a query, relative to 1,000 devices",
      xLabel: "devices",
      yLabel: "p50, as a ratio",
      lines: lines(({ rate }, name) => rate[name].p50Ms / (first?.rate[name].p50Ms ?? Number.NaN)),
    },
  };
}

/** Ratios of rows read at each size. */
export const growthGates = (growth: GrowthFigures): Gate[] => [
  atMost(
    1,
    "different numbers of rows that a device by key reads, from 1,000 to 1,000,000 devices",
    new Set(growth.sizes.map(({ cost: { device } }) => device.rowsRead)).size,
  ),
  ...filteredNames(growth).map((name) =>
    atMost(
      BY_DEALERS.includes(name) ? 2_000 : 1.1,
      BY_DEALERS.includes(name)
        ? `rows read for ${name}, with a thousand dealers`
        : `times as many rows as the fewest that are read for ${name}, from 1,000 to 1,000,000 devices`,
      BY_DEALERS.includes(name) ? Math.max(...rowsOf(growth, name)) : spreadOf(rowsOf(growth, name)),
    ),
  ),
];
