import { sha256Hex } from "#base/digest.ts";
import type { PersistedTexts } from "#graphql/persisted-queries.ts";

/** How long a registered text is kept in a location, in seconds. Ours; its client sends it again afterwards. */
const KEPT_SECONDS = 24 * 60 * 60;

/** Longest text that is kept, in characters. Ours: a document within the limit of tokens is shorter. */
const MAX_KEPT_LENGTH = 32 * 1024;

/** Nothing is served at this address; it is the key in the cache. */
const urlOf = (hash: string): string => `https://persisted-queries.concord/${hash}`;

/**
 * Registered texts in the platform's cache, which each location has for itself. A text holds nobody's data: variables
 * are not part of it. What the cache returns is believed only if it has the hash.
 * @param waitUntil continues work after the answer
 */
export const persistedTexts = (waitUntil: (work: Promise<unknown>) => void): PersistedTexts => ({
  async find(hash) {
    const text = await read(hash).catch(() => undefined);
    return text !== undefined && (await sha256Hex(text)) === hash ? text : undefined;
  },
  keep(hash, text) {
    // Without the cache the client only sends the text again.
    if (text.length <= MAX_KEPT_LENGTH) waitUntil(write(hash, text).catch(() => undefined));
  },
});

async function read(hash: string): Promise<string | undefined> {
  const cache = await caches.open("persisted-queries");
  return (await cache.match(urlOf(hash)))?.text();
}

async function write(hash: string, text: string): Promise<void> {
  const cache = await caches.open("persisted-queries");
  await cache.put(urlOf(hash), new Response(text, { headers: { "Cache-Control": `max-age=${KEPT_SECONDS}` } }));
}
