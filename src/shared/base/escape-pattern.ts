/** A text as a regular expression that matches it and nothing else. With the flag `u` too. `RegExp.escape` is Node 24's. */
export const escapePattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
