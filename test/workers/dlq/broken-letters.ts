import type { Failure, Letter } from "#letters/letter.ts";
import { DeadLetterRepository } from "#letters/repositories/dead-letter.ts";
import { LetterChangeRepository } from "#letters/repositories/letter-change.ts";
import { bearerAt, env, letter, recordNamed } from "./support.ts";

export const letters = new DeadLetterRepository(env.DB);
export const changes = new LetterChangeRepository(env.DB);

/** The failure of a profile without its name. */
export const nameless: Failure = {
  reason: "schema_mismatch",
  issues: [{ path: "data.name", code: "invalid_type", message: "Invalid input: expected string" }],
};

/** A profile without its name, which an edit can add. */
export const broken = (id: string, more: Partial<Letter> = {}): Letter => ({
  ...letter(id, { failure: nameless }),
  record: recordNamed(id, {
    value: `{"eventId":"${id}","occurredAt":"2026-11-23T13:00:00.000Z","deviceId":"dev-${id}", "data":{"model": "M"}}`,
  }),
  contractVersion: 1,
  ...more,
});

export const admin = () => bearerAt("admin");
export const groupOf = async (id: string) => (await letters.find(id))?.groupId as string;
