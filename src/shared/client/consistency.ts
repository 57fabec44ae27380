/** In a request: what the client has seen. In an answer: what it has seen with this answer. */
export const CONSISTENCY_TOKEN_HEADER = "Concord-Consistency-Token";

/** In a request: `strong` has the primary answer, which may be far away. */
export const CONSISTENCY_HEADER = "Concord-Consistency";

/**
 * The newest state that a user has seen, so that no later answer is older: a user's own writes are in it. All clients of
 * a user share one.
 */
export type Seen = {
  /** The consistency token for the next request; `null` before the first answer. */
  latest(): string | null;
  /** Keeps the token of an answer or of a live item, if it is newer. `null` and `undefined` change nothing. */
  note(token: string | null | undefined): void;
  /** Drops the token, after the API has refused it. */
  forget(): void;
};

/** Of the browser's `localStorage` and `sessionStorage` what is needed here. */
export type TokenStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

type Storage = {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
};

/** Where a consistency token is kept beside memory. */
export type SeenOptions = {
  /** `localStorage`: all tabs of the browser see what one of them wrote. Absent: this page alone, until it is left. */
  readonly storage?: TokenStorage | undefined;
  /** The name in the storage; one for each deployment of Concord, whose tokens do not mean anything to another. */
  readonly name?: string;
};

/**
 * Keeps the newest consistency token in memory, and in a storage that tabs share. A storage that is full or forbidden
 * changes nothing for this page.
 */
export function keepSeen({ storage, name = "concord.consistency-token" }: SeenOptions = {}): Seen {
  let own: string | null = null;
  const stored = () => quietly(() => storage?.getItem(name) ?? null);
  return {
    latest: () => (own = later(own, stored())),
    note(token) {
      const newest = later(own, token ?? null);
      if (newest === own) return;
      own = newest;
      // Another tab may have seen more.
      if (newest && newest === later(newest, stored())) quietly(() => storage?.setItem(name, newest));
    },
    forget() {
      own = null;
      quietly(() => storage?.removeItem(name));
    },
  };
}

/** Tokens sort as text by age, and answers overtake each other. */
const later = (a: string | null, b: string | null): string | null => (b !== null && b > (a ?? "") ? b : a);

function quietly<T>(touch: () => T): T | null {
  try {
    return touch();
  } catch {
    return null;
  }
}
