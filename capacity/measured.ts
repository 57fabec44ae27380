import measured from "./measured.json" with { type: "json" };

/** Bytes, by the code that writes them. Nothing in it depends on the machine. */
export type Measured = {
  readonly note: string;
  /** Devices that were written to find out. */
  readonly devices: number;
  /** D1, with its share of every index: a device with registration, dealer, customer, profile and report. */
  readonly d1BytesPerDevice: number;
  /** Its row alone, as SQLite counts it before pages. */
  readonly d1RowBytesOfDevice: number;
  /** The same device if the table had a rowid: a row of more than 1,002 bytes in a table without one takes a page more. */
  readonly d1BytesPerDeviceWithRowid: number;
  /** What the device is found by, in a table and in its full-text index. */
  readonly d1BytesPerDeviceSearch: number;
  readonly d1BytesPerAssignment: number;
  readonly d1BytesPerDealer: number;
  readonly d1BytesPerCustomer: number;
  readonly d1BytesPerAlert: number;
  /** What a message has beside the values of its records, for each record. */
  readonly queueBytesPerRecord: number;
  /** What an event's value has beside its data. */
  readonly statusValueBytes: number;
  /** What the object of a device stores when its history is full, and when it has one event. */
  readonly objectBytesFull: number;
  readonly objectBytesFirst: number;
  /** A record in a raw object of a hundred of them, in one of its own, and in the file of its day. */
  readonly archiveRawBytesPerRecord: number;
  readonly archiveRawBytesAlone: number;
  readonly archiveDayBytesPerRecord: number;
};

/** As `npm run generate` has written it. */
export const MEASURED: Measured = measured;
