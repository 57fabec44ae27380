import { type Change, CriticalityLevel, DiffRule, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";

/** What a change of the schema does to those who query it. */
export type SchemaChanges = {
  /** Queries that ran before no longer do. */
  readonly breaking: readonly Change[];
  /** Breaking as well, and written down with a reason. */
  readonly allowed: readonly { readonly change: Change; readonly reason: string }[];
  /** Queries still run, but a client may meet what it was not written for: a new value of an enum, for one. */
  readonly dangerous: readonly Change[];
  /** Without what is in a type or a field that is new as a whole. */
  readonly safe: readonly Change[];
};

/**
 * Compares two schemas, each as the text of its schema.graphql.
 * @param breaks the text of schema-breaks.txt
 */
export async function schemaChanges(before: string, after: string, breaks: string): Promise<SchemaChanges> {
  const schemas = [buildSchema(before), buildSchema(after)] as const;
  const changes = await diff(...schemas);
  // It would also leave out a break of a field that got a description, so it is good for what is safe only.
  const simplified = await diff(...schemas, [DiffRule.simplifyChanges]);
  const reasons = parseBreaks(breaks);
  const breaking = changes.filter(isOf(CriticalityLevel.Breaking));
  return {
    breaking: breaking.filter(({ message }) => !reasons.has(message)),
    allowed: breaking.flatMap((change) => {
      const reason = reasons.get(change.message);
      return reason === undefined ? [] : [{ change, reason }];
    }),
    dangerous: changes.filter(isOf(CriticalityLevel.Dangerous)),
    safe: simplified.filter(isOf(CriticalityLevel.NonBreaking)),
  };
}

const isOf =
  (level: CriticalityLevel) =>
  ({ criticality }: Change): boolean =>
    criticality.level === level;

/**
 * Reasons by message. A line is a change's message as the check prints it, then `#`, then why it may break.
 * @throws Error naming a line that gives no reason
 */
function parseBreaks(text: string): Map<string, string> {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const [, message, reason] = /^(.*?)\s+#\s*(\S.*)$/.exec(line) ?? [];
      if (!message || !reason) throw new Error(`schema-breaks.txt gives no reason behind a "#": ${line}`);
      return [message, reason];
    }),
  );
}
