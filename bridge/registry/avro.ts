import avro from "avsc";
import { Bytes, type Convert, convertLogical } from "./avro-logical.ts";
import { exactInteger, jsonDouble, jsonFloat } from "./exact-numbers.ts";
import type { Compile } from "./stored-schema.ts";

/** The part of avsc's reader that types are given. It is not in its declarations: avro.test.ts holds it to what is used here. */
type Tap = {
  readonly buf: Buffer;
  pos: number;
  readLong(): number;
  readFloat(): number;
  readDouble(): number;
  readString(): string | undefined;
  readBytes(): Buffer | undefined;
  readFixed(size: number): Buffer | undefined;
  unpackLongBytes(): Buffer;
};
type Readable = { _read(tap: Tap): unknown };
type Schema = string | readonly Schema[] | { readonly type: Schema; readonly logicalType?: string };

const { types } = avro;
const readable = (type: avro.Type): Readable => type as unknown as Readable;

/**
 * Avro by avsc, whose types are made to read what their JSON has: a union's value without its branch's name, a long with
 * all its digits, bytes as base64, logical types as text.
 */
export const compileAvro: Compile = (schema, references) => {
  const registry: Record<string, avro.Type> = {};
  /** Those that a logical type is being made of. It asks for the type under it with the same schema. */
  const underlying = new Set<object>();
  const typeHook = (asked: unknown, options: unknown): avro.Type | undefined => {
    const wanted = asked as Schema;
    if (typeof wanted === "object" && !Array.isArray(wanted) && !underlying.has(wanted)) {
      const attributes = wanted as { readonly type: Schema; readonly logicalType?: string };
      const convert = attributes.logicalType === undefined ? undefined : convertLogical(attributes);
      if (convert) {
        underlying.add(attributes);
        return new LogicalType(attributes, options, convert);
      }
    }
    if (Array.isArray(wanted)) return new PlainUnion(wanted as never, options);
    const type = typeof wanted === "string" ? wanted : (wanted as { readonly type: Schema }).type;
    if (typeof type !== "string") return avro.Type.forSchema(type as never, options as never);
    const Type = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
    return Type && new Type(wanted as never, options);
  };
  const forSchema = (text: string) =>
    avro.Type.forSchema(JSON.parse(text, withoutDefaults), { registry, typeHook, omitRecordMethods: true });
  for (const reference of references) forSchema(reference.schema);
  const type = forSchema(schema);
  return (payload) => type.fromBuffer(payload);
};

/** Defaults are for readers of other versions, and avsc refuses a schema for one that it cannot represent. */
const withoutDefaults = (key: string, value: unknown): unknown => (key === "default" ? undefined : value);

class LogicalType extends types.LogicalType {
  readonly #convert: Convert;
  constructor(schema: object, options: unknown, convert: Convert) {
    super(schema as never, options);
    this.#convert = convert;
  }
  protected override _fromValue(value: unknown): unknown {
    return this.#convert(value);
  }
}

class PlainUnion extends types.WrappedUnionType {
  _read(tap: Tap): unknown {
    const branch = this.types[tap.readLong()];
    if (!branch) throw new Error("a union's branch is none of the schema's");
    return readable(branch)._read(tap);
  }
}

class ArrayType extends types.ArrayType {
  _read(tap: Tap): unknown {
    const items: unknown[] = [];
    readBlocks(tap, () => items.push(readable(this.itemsType)._read(tap)));
    return items;
  }
}

class MapType extends types.MapType {
  _read(tap: Tap): unknown {
    const values: Record<string, unknown> = Object.create(null);
    readBlocks(tap, () => {
      const key = tap.readString() ?? "";
      values[key] = readable(this.valuesType)._read(tap);
    });
    return values;
  }
}

/** Damaged bytes may say that a block has 2^60 items. What each item takes at least is a byte, so avsc's loop ends here. */
function readBlocks(tap: Tap, readItem: () => void): void {
  for (let size = tap.readLong(); size !== 0; size = tap.readLong()) {
    if (size < 0) tap.readLong();
    if (Math.abs(size) > tap.buf.length - tap.pos) throw new Error("a block has more items than bytes");
    for (let left = Math.abs(size); left > 0; left--) readItem();
  }
}

class LongType extends types.LongType {
  _read(tap: Tap): unknown {
    return exactInteger(tap.unpackLongBytes().readBigInt64LE());
  }
}

class FloatType extends types.FloatType {
  _read(tap: Tap): unknown {
    return jsonFloat(tap.readFloat());
  }
}

class DoubleType extends types.DoubleType {
  _read(tap: Tap): unknown {
    return jsonDouble(tap.readDouble());
  }
}

class BytesType extends types.BytesType {
  _read(tap: Tap): unknown {
    return new Bytes(tap.readBytes() ?? Buffer.alloc(0));
  }
}

class FixedType extends types.FixedType {
  _read(tap: Tap): unknown {
    return new Bytes(tap.readFixed(this.size) ?? Buffer.alloc(0));
  }
}

const TYPES = {
  array: ArrayType,
  map: MapType,
  long: LongType,
  float: FloatType,
  double: DoubleType,
  bytes: BytesType,
  fixed: FixedType,
} as unknown as Readonly<Record<string, new (schema: object, options: unknown) => avro.Type>>;
