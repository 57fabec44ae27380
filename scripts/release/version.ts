/** From the smallest to the greatest. */
const BUMPS = ["patch", "minor", "major"] as const;
export type Bump = (typeof BUMPS)[number];

type Version = readonly [major: number, minor: number, patch: number];

const parse = (text: string): Version | undefined => {
  const [, major, minor, patch] = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/.exec(text) ?? [];
  return patch === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
};

/** @throws Error for what is no `x.y.z`: releases have no pre-releases */
function read(text: string): Version {
  const version = parse(text);
  if (!version) throw new Error(`${text} is no version: write minor, patch, major or x.y.z.`);
  return version;
}

/** @param wanted `minor` and the like, or a version as `0.2.0` @throws Error for anything else */
export function nextVersion(current: string, wanted: string): string {
  const [major, minor, patch] = read(current);
  switch (wanted) {
    case "major":
      return `${major + 1}.0.0`;
    case "minor":
      return `${major}.${minor + 1}.0`;
    case "patch":
      return `${major}.${minor}.${patch + 1}`;
    default:
      return read(wanted).join(".");
  }
}

/** How much of a step it is from one version to another; `undefined` if the other is not greater. */
export function bumpBetween(previous: string, next: string): Bump | undefined {
  const before = read(previous);
  const after = read(next);
  const first = before.findIndex((part, i) => part !== after[i]);
  if (first < 0 || (after[first] ?? 0) < (before[first] ?? 0)) return undefined;
  return (["major", "minor", "patch"] as const)[first];
}

/** Before 1.0.0 a minor version may break: `^0.1.0` does not take 0.2.0. */
export const breakingBump = (previous: string): Bump => (read(previous)[0] === 0 ? "minor" : "major");

export const isLess = (a: Bump, b: Bump): boolean => BUMPS.indexOf(a) < BUMPS.indexOf(b);
