import { GraphQLError } from "graphql";

/** The inputs of which exactly one member is given (`@oneOf`), with their members. */
export const ONE_OF = { DeviceRef: ["id", "key"] } as const;

/** How graphql-js refuses an input that has none of its members, several, or one that is null. */
const THEIRS =
  /((?: at )?\.\w+)?(: )?Within OneOf Input Object type "(\w+)", exactly one field must be specified, and [^.]*\./;

/** A message of graphql-js, with what it says of `@oneOf` in our words, and of the input rather than of one member. */
export const oneOfInWords = (message: string): string =>
  message.replace(THEIRS, (theirs: string, at = "", colon = "", name: string) => {
    if (!Object.hasOwn(ONE_OF, name)) return theirs;
    const members: readonly string[] = ONE_OF[name as keyof typeof ONE_OF];
    const place = members.includes(at.replace(/^.*\./, "")) ? "" : at;
    const choice = members.map((member) => `\`${member}\``).join(" and ");
    return `${place}${colon}Give exactly one of ${choice}, and not null.`;
  });

/** The errors of graphql-js's validation, likewise: one for each fault, where it has one for a member beside it. */
export function validationErrors(errors: readonly GraphQLError[]): GraphQLError[] {
  const said = new Set<string>();
  return errors.flatMap((error) => {
    const message = oneOfInWords(error.message);
    if (message === error.message) return [error];
    const { nodes, extensions, positions } = error;
    const fault = `${message} ${positions}`;
    if (said.has(fault)) return [];
    said.add(fault);
    return [new GraphQLError(message, { nodes, extensions })];
  });
}
