/** What a text says, read as JSON; `undefined`, which no JSON stands for, where it is not JSON. Never throws. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
