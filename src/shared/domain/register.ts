import { compareText, compareVersions, type Version } from "./version.ts";

/** A last-writer-wins register: the value that the event of the highest version wrote. */
export type Register<T> = { readonly version: Version; readonly value: T };

/**
 * A total order over registers. If a producer sends two events with the same version and different content, the content
 * decides, so that every replica ends with the same one.
 */
export function compareRegisters<T>(a: Register<T>, b: Register<T>): number {
  return compareVersions(a.version, b.version) || compareText(canonicalText(a.value), canonicalText(b.value));
}

/** The greater of two registers; `a` itself when `b` adds nothing. */
export function joinRegisters<T>(a: Register<T> | undefined, b: Register<T>): Register<T> {
  return a && compareRegisters(a, b) >= 0 ? a : b;
}

export const sameContent = (a: unknown, b: unknown): boolean => canonicalText(a) === canonicalText(b);

/** JSON with sorted members: equal content gives equal text. */
export function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_, inner) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => compareText(a, b)))
      : inner,
  );
}

/**
 * Joins two objects of registers, member by member; `a` itself when `b` adds nothing.
 * @param members the names of all members that such an object may have
 */
export function joinMembers<T extends Registers<T>>(members: readonly (keyof T)[], a: T, b: T): T {
  const joined: Partial<T> = {};
  let changed = false;
  for (const member of members) {
    const current = a[member];
    const incoming = b[member];
    const next = incoming ? joinRegisters(current, incoming) : current;
    if (next) joined[member] = next as T[keyof T];
    if (next !== current) changed = true;
  }
  return changed ? (joined as T) : a;
}

/** An object whose members are registers, or absent. */
export type Registers<T> = { readonly [Member in keyof T]: Register<unknown> | undefined };

/** Pointwise join of two maps; `a` itself when `b` adds nothing. */
export function joinMaps<K, V>(a: ReadonlyMap<K, V>, b: ReadonlyMap<K, V>, join: (a: V, b: V) => V): ReadonlyMap<K, V> {
  if (b.size === 0) return a;
  const joined = new Map(a);
  return joinInto(joined, b, join) ? joined : a;
}

/** `joinMaps` in place, for a caller who owns `a`. @returns whether `b` added something */
export function joinInto<K, V>(a: Map<K, V>, b: ReadonlyMap<K, V>, join: (a: V, b: V) => V): boolean {
  let added = false;
  for (const [key, incoming] of b) {
    const current = a.get(key);
    const next = current === undefined ? incoming : join(current, incoming);
    if (next === current) continue;
    a.set(key, next);
    added = true;
  }
  return added;
}
