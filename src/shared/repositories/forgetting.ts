import type { Alert } from "#domain/alert.ts";
import type { Customer } from "#domain/change.ts";
import type { Aspects } from "#domain/device.ts";
import type { DeviceKey } from "#domain/event.ts";
import { customerTombstone, type ForgottenId, forgottenCustomer, forgottenDevice } from "#domain/forgotten.ts";
import type { PartyKey } from "#domain/party.ts";
import { quotesOneOf } from "#domain/quotes.ts";
import { REDACTED, redactAlert, redactAspects } from "#domain/redacted.ts";
import { canonicalText, sameContent } from "#domain/register.ts";
import { compareText } from "#domain/version.ts";
import { packBySize } from "#json/pack.ts";
import { MAX_STATEMENT } from "./one-of.ts";

/** A row of `forgotten`. */
export type ForgottenEntry = { readonly id: ForgottenId; readonly untilMs: number; readonly requestId: string };

/** How often a device is read again after another writer has changed it. Ours. */
const MAX_PASSES = 20;
/** Pages of the search index that one statement merges. Ours. */
const PAGES_MERGED = 500;

/** What is done to D1 when somebody is forgotten. Everything here may be repeated. */
export class ForgettingRepository {
  readonly #d1: D1Database;

  constructor(d1: D1Database) {
    this.#d1 = d1;
  }

  /**
   * The personal texts that D1 has of customers, names, addresses and numbers, and how many records have any. Nothing once
   * they are forgotten.
   */
  async personalOf(
    customers: readonly PartyKey[],
  ): Promise<{ readonly texts: readonly string[]; readonly records: number }> {
    const { results } = await this.#d1
      .prepare(
        `SELECT c.value FROM json_each(?1) j JOIN customer_records c ON c.customer_id = substr(j.value, instr(j.value, ':') + 1)
           AND c.source IN (substr(j.value, 1, instr(j.value, ':') - 1), '')
         UNION ALL SELECT c.value FROM json_each(?1) j JOIN customers c ON c.customer_id = substr(j.value, instr(j.value, ':') + 1)`,
      )
      .bind(JSON.stringify(customers))
      .all<{ value: string }>();
    const found = results.map(({ value }) => personalTexts(JSON.parse(value) as Customer));
    return { texts: [...new Set(found.flat())], records: found.filter(({ length }) => length > 0).length };
  }

  /**
   * Notes who is forgotten, and puts a tombstone in the place of each customer, in one transaction: from then on no event
   * brings anything back.
   */
  async note(entries: readonly ForgottenEntry[]): Promise<void> {
    const customers = entries.flatMap(({ id }) => (id.startsWith("customer ") ? [id.slice("customer ".length)] : []));
    const tombstones = customers.flatMap((key) => {
      const customerId = key.slice(key.indexOf(":") + 1);
      const { version, value } = customerTombstone(customerId);
      const row = { id: customerId, version, value: canonicalText(value) };
      return [{ ...row, source: key.slice(0, key.indexOf(":")) }];
    });
    await this.#d1.batch([
      ...packBySize(entries, MAX_STATEMENT).map((some) => this.#d1.prepare(NOTE).bind(JSON.stringify(some))),
      this.#d1.prepare(PUT_TOMBSTONES).bind(JSON.stringify(tombstones)),
      // Records from before sources were stored: whose they are is not known any more.
      this.#d1.prepare(TOMBSTONES_OF_NOBODY).bind(JSON.stringify(tombstones)),
      this.#d1.prepare(DELETE_FORMER).bind(JSON.stringify(tombstones)),
    ]);
  }

  /** Devices that a customer has now, after a key. */
  async devicesOf(customer: PartyKey, after: string, limit: number): Promise<DeviceKey[]> {
    const source = customer.slice(0, customer.indexOf(":"));
    const { results } = await this.#d1
      .prepare(
        "SELECT key FROM devices WHERE customer_id = ?1 AND key > ?2 AND key > ?3 AND key < ?4 ORDER BY key LIMIT ?5",
      )
      .bind(customer.slice(source.length + 1), `${source}:`, after, `${source};`, limit)
      .all<{ key: DeviceKey }>();
    return results.map(({ key }) => key);
  }

  /** All that was ever forgotten, in pages of their ids. */
  async entries(after: string, limit: number): Promise<ForgottenEntry[]> {
    const { results } = await this.#d1
      .prepare(
        "SELECT id, until_ms AS untilMs, request_id AS requestId FROM forgotten WHERE id > ?1 ORDER BY id LIMIT ?2",
      )
      .bind(after, limit)
      .all<ForgottenEntry>();
    return results;
  }

  /** What is noted and not redacted yet. */
  async pending(limit: number): Promise<ForgottenEntry[]> {
    const { results } = await this.#d1
      .prepare(
        "SELECT id, until_ms AS untilMs, request_id AS requestId FROM forgotten WHERE redacted_at_ms IS NULL ORDER BY id LIMIT ?1",
      )
      .bind(limit)
      .all<ForgottenEntry>();
    return results;
  }

  async markRedacted(ids: readonly ForgottenId[], nowMs: number): Promise<void> {
    const mark = this.#d1.prepare(
      "UPDATE forgotten SET redacted_at_ms = ?2 WHERE id IN (SELECT value FROM json_each(?1))",
    );
    const runs = packBySize(ids, MAX_STATEMENT).map((some) => mark.bind(JSON.stringify(some), nowMs));
    if (runs.length > 0) await this.#d1.batch(runs);
  }

  /**
   * Redacts a device's row, its alerts and what it is found by. The row gets a new revision even if nothing in it is
   * personal, so that a consumer that read it before the note loses, and reads again.
   * @returns how many rows had anything personal
   * @throws Error if other writers kept changing the device
   */
  async redactDevice(key: DeviceKey, untilMs: number): Promise<number> {
    const changed = await this.#redactRow(key, untilMs);
    const { meta } = await this.#d1.prepare(DROP_CUSTOMERS_NAME).bind(key).run();
    return changed + (await this.#redactAlerts(key, untilMs)) + Number(meta.changes > 0);
  }

  /**
   * Merges a bounded part of the search index, which keeps the words of removed texts until then.
   * @param isFirst begins a merge of everything; further calls go on with it
   * @returns whether all of it is merged
   */
  async mergeSearch(isFirst: boolean): Promise<boolean> {
    const { meta } = await this.#d1
      .prepare("INSERT INTO device_search (device_search, rank) VALUES ('merge', ?1)")
      .bind(isFirst ? -PAGES_MERGED : PAGES_MERGED)
      .run();
    return meta.changes < 2;
  }

  async #redactRow(key: DeviceKey, untilMs: number): Promise<number> {
    for (let pass = 0; pass < MAX_PASSES; pass++) {
      const row = await this.#d1
        .prepare("SELECT aspects, revision FROM devices WHERE key = ?1")
        .bind(key)
        .first<{ aspects: string; revision: number }>();
      if (!row) return 0;
      const before = JSON.parse(row.aspects) as Aspects;
      const after = redactAspects(before, untilMs);
      const isChanged = !sameContent(before, after);
      const { meta } = await this.#d1
        .prepare("UPDATE devices SET aspects = ?3, revision = revision + 1 WHERE key = ?1 AND revision = ?2")
        .bind(key, row.revision, isChanged ? JSON.stringify(after) : row.aspects)
        .run();
      if (meta.changes > 0) return Number(isChanged);
    }
    throw new Error(`other writers kept changing ${key}; nothing of it was changed, and the step is repeated`);
  }

  /** Alerts are few that somebody acknowledged, so one read brings all of them. */
  async #redactAlerts(key: DeviceKey, untilMs: number): Promise<number> {
    const { results } = await this.#d1
      .prepare(
        "SELECT alert_id, alert, revision FROM alerts WHERE device_key = ?1 AND alert ->> '$.acknowledgement.value.by.subject' IS NOT NULL LIMIT 500",
      )
      .bind(key)
      .all<{ alert_id: string; alert: string; revision: number }>();
    const rows = results.flatMap(({ alert_id, alert, revision }) => {
      const before = JSON.parse(alert) as Alert;
      const after = redactAlert(before, untilMs);
      return sameContent(before, after) ? [] : [{ id: alert_id, alert: JSON.stringify(after), revision }];
    });
    if (rows.length === 0) return 0;
    const { meta } = await this.#d1.prepare(PUT_ALERTS).bind(JSON.stringify(rows), key).run();
    if (meta.changes < rows.length) return meta.changes + (await this.#redactAlerts(key, untilMs));
    return rows.length;
  }

  /**
   * Replaces texts of operators in the audit log that quote one of the texts: who did what and when stays.
   * @returns the last id that was read, `null` at the end of the log; and how many entries were changed
   */
  async redactAudit(
    texts: readonly string[],
    { after, limit }: { readonly after: number; readonly limit: number },
  ): Promise<{ readonly last: number | null; readonly changed: number }> {
    const { results } = await this.#d1
      .prepare("SELECT id, target, before, after, reason FROM audit_log WHERE id > ?1 ORDER BY id LIMIT ?2")
      .bind(after, limit)
      .all<AuditTexts>();
    const quotes = (text: string | null): boolean => text !== null && quotesOneOf(text, texts);
    const rows = results.flatMap((row) => {
      const redacted = {
        id: row.id,
        target: quotes(row.target) ? REDACTED : row.target,
        before: quotes(row.before) ? JSON.stringify(REDACTED) : row.before,
        after: quotes(row.after) ? JSON.stringify(REDACTED) : row.after,
        reason: quotes(row.reason) ? REDACTED : row.reason,
      };
      return sameContent(redacted, row) ? [] : [redacted];
    });
    if (rows.length > 0) await this.#d1.prepare(PUT_AUDIT).bind(JSON.stringify(rows)).run();
    return { last: results.length < limit ? null : (results.at(-1)?.id ?? null), changed: rows.length };
  }
}

type AuditTexts = {
  readonly id: number;
  readonly target: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly reason: string | null;
};

/** What in a customer's record is personal. */
export const personalTexts = ({ name, email, phone }: Customer): string[] =>
  [name, email, phone].filter((text): text is string => text !== undefined && text !== "" && text !== REDACTED);

/** The entries of customers and devices. */
export const entriesOf = (
  { customers, devices }: { readonly customers: readonly PartyKey[]; readonly devices: readonly DeviceKey[] },
  { untilMs, requestId }: Omit<ForgottenEntry, "id">,
): ForgottenEntry[] =>
  [...customers.map(forgottenCustomer), ...devices.map(forgottenDevice)]
    .sort(compareText)
    .map((id) => ({ id, untilMs, requestId }));

const NOTE = `INSERT INTO forgotten (id, until_ms, request_id, redacted_at_ms)
  SELECT j.value->>'id', j.value->>'untilMs', j.value->>'requestId', NULL FROM json_each(?1) j WHERE true
  ON CONFLICT (id) DO UPDATE SET until_ms = excluded.until_ms, request_id = excluded.request_id, redacted_at_ms = NULL
  WHERE excluded.until_ms > forgotten.until_ms`;

const PUT_TOMBSTONES = `INSERT INTO customer_records (customer_id, source, version, value, name)
  SELECT j.value->>'id', j.value->>'source', j.value->>'version', j.value->>'value', '' FROM json_each(?1) j WHERE true
  ON CONFLICT (customer_id, source) DO UPDATE SET version = excluded.version, value = excluded.value, name = excluded.name
  WHERE customer_records.version <> excluded.version OR customer_records.value <> excluded.value`;

const TOMBSTONES_OF_NOBODY = `UPDATE customer_records SET version = j.value->>'version', value = j.value->>'value', name = ''
  FROM json_each(?1) j WHERE customer_records.customer_id = j.value->>'id' AND customer_records.source = ''`;

const DELETE_FORMER = "DELETE FROM customers WHERE customer_id IN (SELECT j.value->>'id' FROM json_each(?1) j)";

/** Triggers do so for a customer's first devices at once; the others would be found by the name for some minutes more. */
const DROP_CUSTOMERS_NAME = `UPDATE device_texts SET customer = ''
  WHERE key = ?1 AND customer <> '' AND EXISTS (
    SELECT 1 FROM devices d JOIN forgotten f ON f.id = 'customer ' || substr(d.key, 1, instr(d.key, ':')) || d.customer_id
    WHERE d.key = ?1
  )`;

const PUT_ALERTS = `UPDATE alerts SET alert = j.value->>'alert', revision = alerts.revision + 1 FROM json_each(?1) j
  WHERE alerts.device_key = ?2 AND alerts.alert_id = j.value->>'id' AND alerts.revision = j.value->>'revision'`;

const PUT_AUDIT = `UPDATE audit_log SET target = j.value->>'target', before = j.value->>'before', after = j.value->>'after',
  reason = j.value->>'reason' FROM json_each(?1) j WHERE audit_log.id = j.value->>'id'`;
