import * as z from "zod";

/**
 * The schema of what a source writes, where `schema` converts it: it takes the same input and leaves its values as they
 * are, without undeclared members. Checks are left out, since the input has passed them. `schema` itself if it converts
 * nothing.
 */
export function ownWords(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodPipe) return ownWords(schema.in as z.ZodType);
  if (schema instanceof z.ZodDefault) return ownWords(schema.unwrap() as z.ZodType).optional();
  if (schema instanceof z.ZodOptional)
    return changed(schema, [schema.unwrap() as z.ZodType], ([inner]) => (inner as z.ZodType).optional());
  if (schema instanceof z.ZodNullable)
    return changed(schema, [schema.unwrap() as z.ZodType], ([inner]) => (inner as z.ZodType).nullable());
  if (schema instanceof z.ZodArray)
    return changed(schema, [schema.element as z.ZodType], ([element]) => z.array(element as z.ZodType));
  if (schema instanceof z.ZodIntersection)
    return changed(schema, [schema.def.left, schema.def.right] as z.ZodType[], ([left, right]) =>
      z.intersection(left as z.ZodType, right as z.ZodType),
    );
  if (schema instanceof z.ZodDiscriminatedUnion)
    return changed(schema, schema.options as z.ZodType[], (options) =>
      z.discriminatedUnion(schema.def.discriminator, options as never),
    );
  if (schema instanceof z.ZodUnion)
    return changed(schema, schema.options as z.ZodType[], (options) => z.union(options));
  if (schema instanceof z.ZodObject) {
    const names = Object.keys(schema.shape);
    return changed(schema, Object.values(schema.shape) as z.ZodType[], (members) =>
      z.object(Object.fromEntries(names.map((name, i) => [name, members[i] as z.ZodType]))),
    );
  }
  return schema;
}

/** The schema as it is, if none of its parts converts anything. */
function changed(
  schema: z.ZodType,
  parts: readonly z.ZodType[],
  rebuild: (parts: readonly z.ZodType[]) => z.ZodType,
): z.ZodType {
  const own = parts.map(ownWords);
  return own.every((part, i) => part === parts[i]) ? schema : rebuild(own);
}
