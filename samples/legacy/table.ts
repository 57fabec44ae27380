/** How the warehouse types a column. Times are held as RFC 3339 in UTC, with all their digits. */
export type ColumnType =
  | "text"
  | "integer"
  | "boolean"
  /** NUMBER(9, 4): held as text. */
  | "decimal"
  /** TIMESTAMP_TZ */
  | "time"
  /** TIMESTAMP_NTZ, which is UTC here, although nothing in the file says so. */
  | "wall"
  /** ARRAY of texts. */
  | "list"
  /** VARIANT, which Snowflake unloads as JSON, to Parquet too. */
  | "variant";

export type Value = string | number | boolean | readonly string[] | object | null;
export type TableRow = Readonly<Record<string, Value>>;

export const TABLES = {
  devices: {
    ROW_ID: "integer",
    DEVICE_ID: "text",
    SOURCE_TYPE: "text",
    STATUS: "text",
    SERIAL: "text",
    MODEL_CODE: "text",
    SHIPPED_FIRMWARE: "text",
    LOCATION: "variant",
    REGISTERED_AT: "wall",
    CUSTOMER_KEY: "text",
    DISPLAY_NAME: "text",
    DISPLAY_MODEL: "text",
    FIRMWARE: "text",
    FEATURES: "list",
    DISPLAY_LOCATION: "variant",
    IS_ONLINE: "boolean",
    MODE: "text",
    TEMPERATURE: "decimal",
    HEAT_TO: "decimal",
    COOL_TO: "decimal",
    HUMIDITY: "decimal",
    EQUIPMENT: "list",
    LAST_SEEN: "time",
    UPDATED_AT: "time",
    LOADED_AT: "time",
  },
  assignments: {
    DEVICE_ID: "text",
    SOURCE_TYPE: "text",
    DEALER_KEY: "text",
    VALID_FROM: "time",
    VALID_TO: "time",
    UPDATED_AT: "time",
    LOADED_AT: "time",
  },
  alerts: {
    ALERT_ID: "text",
    DEVICE_ID: "text",
    SOURCE_TYPE: "text",
    CODE: "text",
    SEVERITY: "text",
    MESSAGE: "text",
    RAISED_AT: "time",
    LOCAL_DATE: "text",
    LOCAL_TIME: "text",
    RECEIVED_AT: "time",
    ACKNOWLEDGED_AT: "time",
    CLEARED_AT: "time",
    UPDATED_AT: "time",
    LOADED_AT: "time",
  },
  dealers: {
    DEALER_KEY: "text",
    DEALER_ID: "text",
    NAME: "text",
    PHONE: "text",
    EMAIL: "text",
    WEBSITE: "text",
    UPDATED_AT: "time",
    LOADED_AT: "time",
  },
  customers: {
    CUSTOMER_KEY: "text",
    CUSTOMER_ID: "text",
    NAME: "text",
    EMAIL: "text",
    PHONE: "text",
    UPDATED_AT: "time",
    LOADED_AT: "time",
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, ColumnType>>>>;

export type TableName = keyof typeof TABLES;

export type RowOf<Name extends TableName> = { readonly [column in keyof (typeof TABLES)[Name]]: Value };

/** What the warehouse holds after a batch. */
export type Warehouse = { readonly [Name in TableName]: readonly RowOf<Name>[] };
