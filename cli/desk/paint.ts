/** Colours by what they mean; without a terminal, or where NO_COLOR is set, they are none. */
export type Paint = Readonly<Record<"good" | "bad" | "going" | "faint" | "title", (text: string) => string>>;

const sgr = (on: number, off: number) => (text: string) => (text === "" ? text : `\u001b[${on}m${text}\u001b[${off}m`);
const same = (text: string): string => text;

export const PLAIN: Paint = { good: same, bad: same, going: same, faint: same, title: same };

export const COLOURS: Paint = {
  good: sgr(32, 39),
  bad: sgr(31, 39),
  going: sgr(33, 39),
  faint: sgr(2, 22),
  title: sgr(1, 22),
};

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
