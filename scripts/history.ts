import { ROOT, run } from "../local/tool.ts";

/** What git says of a checkout. A checkout may have no history: a tarball, a shallow clone, a copy. */
export type History = {
  /** The output of git; `null` if it fails. */
  readonly git: (...args: readonly string[]) => string | null;
  /** The last release, as `v0.2.0`, that the commit of now is built on; `null` if there is none, or no history. */
  readonly lastRelease: () => string | null;
  /** The commit that a change starts from; `null` in a checkout without that commit. */
  readonly base: () => string | null;
  /** Why something may be missing: there is no git, or only the last commits. */
  readonly isWhole: () => boolean;
};

export function historyOf(root: string = ROOT): History {
  const git = (...args: readonly string[]): string | null => {
    try {
      const { status, stdout } = run("git", args, { cwd: root });
      return status === 0 ? stdout.trim() : null;
    } catch {
      // A machine without git knows no history either.
      return null;
    }
  };
  const commitOf = (ref: string) => git("rev-parse", "--verify", "--quiet", `${ref}^{commit}`);
  return {
    git,
    lastRelease: () => git("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*.[0-9]*.[0-9]*"),
    isWhole: () => git("rev-parse", "--is-shallow-repository") === "false",
    base: () => {
      // What a push brings may be several commits, and only its runner knows how many.
      const told = process.env.BASE_COMMIT && commitOf(process.env.BASE_COMMIT);
      if (told) return told;
      const head = commitOf("HEAD");
      // A branch is compared with where it left main, not with what others have put on main since.
      for (const main of ["origin/main", "main"]) {
        const fork = git("merge-base", "HEAD", main);
        if (fork !== null && fork !== head) return fork;
      }
      return commitOf("HEAD^");
    },
  };
}
