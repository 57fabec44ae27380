import { readFileSync, statSync } from "node:fs";

/** A value that is never in the settings themselves. Asked for anew for each use, since its file may have changed. */
export type Secret = () => string;

export const isSecret = (value: unknown): value is Secret => typeof value === "function";

export const secretOf = (text: string): Secret => {
  const trimmed = text.trim();
  return () => trimmed;
};

/**
 * The contents of a file, without the blanks around them. It is read again when it has changed, as a mounted secret does
 * when it is renewed; while it cannot be read, its last contents stay.
 * @throws the system's error if it cannot be read at first
 */
export function secretInFile(path: string): Secret {
  let modifiedMs = statSync(path).mtimeMs;
  let text = readFileSync(path, "utf8").trim();
  return () => {
    try {
      const nowModifiedMs = statSync(path).mtimeMs;
      if (nowModifiedMs !== modifiedMs) {
        const renewed = readFileSync(path, "utf8").trim();
        // A file that is being written anew is empty for a moment.
        if (renewed !== "") [text, modifiedMs] = [renewed, nowModifiedMs];
      }
    } catch {
      // It is being replaced.
    }
    return text;
  };
}
