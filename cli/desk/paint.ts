/** Colours by what they mean; without a terminal, or where NO_COLOR is set, they are none. */
export type Paint = Readonly<Record<"good" | "bad" | "going" | "faint" | "title", (text: string) => string>>;

const CODES = { good: [32, 39], bad: [31, 39], going: [33, 39], faint: [2, 22], title: [1, 22] } as const;

const sgr =
  ([on, off]: readonly [number, number]) =>
  (text: string) =>
    text === "" ? text : `\u001b[${on}m${text}\u001b[${off}m`;
const same = (text: string): string => text;

export const PLAIN: Paint = { good: same, bad: same, going: same, faint: same, title: same };

export const COLOURS: Paint = {
  good: sgr(CODES.good),
  bad: sgr(CODES.bad),
  going: sgr(CODES.going),
  faint: sgr(CODES.faint),
  title: sgr(CODES.title),
};

/** Splits a line where these colours begin and end, and keeps them as every second part. */
export const SGR = new RegExp(`(\u001b\\[(?:${Object.values(CODES).flat().join("|")})m)`);

/** https://no-color.org: any value but none at all counts. */
export const paintFor = (isTty: boolean, noColor: string | undefined): Paint => (isTty && !noColor ? COLOURS : PLAIN);

/** The colour of a letter's, a group's or a run's state. */
export function toneOf(state: string): keyof Paint {
  switch (state) {
    case "open":
    case "regressed":
    case "quarantined":
    case "paused":
      return "bad";
    case "replaying":
    case "running":
    case "acknowledged":
      return "going";
    case "resolved":
    case "done":
      return "good";
    default:
      return "faint";
  }
}
