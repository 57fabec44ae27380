import { type Change, CriticalityLevel, DiffRule, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";

/** What a change of the schema means for clients. */
export type SchemaChanges = {
  /** Queries that were valid are no longer. */
  readonly breaking: readonly Change[];
  /** Breaking as well, and accepted with a reason in schema-breaks.txt. */
  readonly allowed: readonly { readonly change: Change; readonly reason: string }[];
  /** Queries are still valid, but a client may get what it was not written for, such as a new value of an enum. */
  readonly dangerous: readonly Change[];
  /** Without the contents of a type or a field that is new as a whole. */
  readonly safe: readonly Change[];
};

/** Compares two schemas, each as the text of its schema.graphql. @param breaks the text of schema-breaks.txt */
export async function schemaChanges(before: string, after: string, breaks: string): Promise<SchemaChanges> {
  const schemas = [buildSchema(before), buildSchema(after)] as const;
  const changes = await diff(...schemas);
  // It would also omit a break of a field that got a description, so it is only used for safe changes.
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
 * @throws Error with a line that gives no reason
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
