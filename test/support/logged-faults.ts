import { vi } from "vitest";

/** A limiter that fails as no request expects. */
export const brokenLimiter = {
  limit: () => Promise.reject(new TypeError("secret: no limiter")),
};

/** The lines of the error log that are written from now on. */
export function loggedErrors(): { readonly event: string; readonly id?: string; readonly name?: string }[] {
  const lines: { event: string }[] = [];
  vi.spyOn(console, "error").mockImplementation((line: string) => void lines.push(JSON.parse(line)));
  return lines;
}
