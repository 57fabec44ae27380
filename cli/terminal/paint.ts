import { inspect, styleText } from "node:util";

/** The format of each tone. Commands name tones, by what they mean, and no colours. */
const FORMATS = { good: "green", bad: "red", active: "yellow", faint: "dim", title: "bold" } as const;

export type Tone = keyof typeof FORMATS;
export type Paint = (tone: Tone, text: string) => string;

export const PLAIN: Paint = (_, text) => text;
// Whether to colour is decided once, by paintFor, and not by what Node sees of its own standard output.
export const COLOURS: Paint = (tone, text) => styleText(FORMATS[tone], text, { validateStream: false });

const CODES = Object.values(FORMATS).flatMap((format) => inspect.colors[format] ?? []);

/** Splits a line where these formats begin and end, and keeps their codes as every second part. */
export const SGR = new RegExp(`(\u001b\\[(?:${CODES.join("|")})m)`);

/** Node gives `hasColors` to terminals only. */
type Stream = { readonly hasColors?: (env: Readonly<Record<string, string>>) => boolean };

/**
 * Colours for a terminal that has them. NO_COLOR, if not empty, turns them off (https://no-color.org), even where
 * FORCE_COLOR is set. A file or a pipe never gets any.
 */
export function paintFor(stream: Stream, env: Readonly<Record<string, string | undefined>>): Paint {
  return !env.NO_COLOR && stream.hasColors?.(env as Record<string, string>) ? COLOURS : PLAIN;
}

/** The tone of a state of a letter, a group or a run. */
export function toneOf(state: string): Tone {
  switch (state) {
    case "open":
    case "regressed":
    case "quarantined":
    case "paused":
      return "bad";
    case "replaying":
    case "running":
    case "acknowledged":
      return "active";
    case "resolved":
    case "done":
      return "good";
    default:
      return "faint";
  }
}
