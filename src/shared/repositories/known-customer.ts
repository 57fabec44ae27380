import type { PartyKey } from "#domain/party.ts";
import type { KnownCustomer } from "#ops/archive-forgetting.ts";

/** What D1 knows of customers before they are forgotten: no name, and no key of a device. */
export class KnownCustomerRepository {
  readonly #d1: D1Database;

  constructor(d1: D1Database) {
    this.#d1 = d1;
  }

  /** In the order of the keys, of which there is one for each source at most. */
  async read(customers: readonly PartyKey[]): Promise<KnownCustomer[]> {
    const { results } = await this.#d1
      .prepare(READ)
      .bind(JSON.stringify(customers))
      .all<{ customer: string; has_record: number; is_forgotten: number; devices: number }>();
    return results.map(({ customer, has_record, is_forgotten, devices }) => ({
      customer,
      hasRecord: has_record === 1,
      isForgotten: is_forgotten === 1,
      devices,
    }));
  }
}

/** Records from before sources were stored may be those of any source. */
const READ = `SELECT c.key AS customer,
    EXISTS (SELECT 1 FROM customer_records r WHERE r.customer_id = c.id AND r.source IN (c.source, ''))
      OR EXISTS (SELECT 1 FROM customers f WHERE f.customer_id = c.id) AS has_record,
    EXISTS (SELECT 1 FROM forgotten f WHERE f.id = 'customer ' || c.key) AS is_forgotten,
    (SELECT count(*) FROM devices d WHERE d.customer_id = c.id AND d.key > c.source || ':' AND d.key < c.source || ';') AS devices
  FROM (
    SELECT j.key AS place, j.value AS key, substr(j.value, 1, instr(j.value, ':') - 1) AS source,
      substr(j.value, instr(j.value, ':') + 1) AS id
    FROM json_each(?1) j
  ) c ORDER BY c.place`;
