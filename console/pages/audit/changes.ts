/** One thing that an entry of the audit log says about before and after. */
export type ChangeLine = {
  readonly name: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
};

/** Before and after, member by member. */
export function listChanges(before: unknown, after: unknown): ChangeLine[] {
  const [old, new_] = [listMembers(before), listMembers(after)];
  return [...new Set([...old.keys(), ...new_.keys()])].map((name) => ({
    name,
    before: old.get(name),
    after: new_.get(name),
  }));
}

function listMembers(value: unknown): Map<string, string> {
  if (value === null || value === undefined) return new Map();
  if (typeof value !== "object" || Array.isArray(value)) return new Map([["value", printValue(value)]]);
  return new Map(Object.entries(value).map(([name, member]) => [name, printValue(member)]));
}

const printValue = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
