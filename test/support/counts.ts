/*
 * The counts that triggers keep, and the same counts from the rows, by loops that share nothing with the triggers.
 */

type Counts = Readonly<Record<string, number>>;

/** As they are stored, without those that are none. */
export async function keptCounts(db: D1Database): Promise<Counts> {
  const [devices, alerts] = (await db.batch<{ id: string; n: number }>([
    db.prepare(
      "SELECT json_array(dealer_id, source, status) AS id, devices AS n FROM device_counts WHERE devices <> 0",
    ),
    db.prepare(
      "SELECT json_array(dealer_id, raised_under, source, severity) AS id, alerts AS n FROM open_alert_counts WHERE alerts <> 0",
    ),
  ])) as [D1Result<{ id: string; n: number }>, D1Result<{ id: string; n: number }>];
  return Object.fromEntries([...devices.results, ...alerts.results].map(({ id, n }) => [id, n]));
}

type Register = { readonly version: string; readonly value: Record<string, string | undefined> };

/** From the devices, the alerts and the assignments. */
export async function countedByHand(db: D1Database): Promise<Counts> {
  const all = async <Row>(sql: string): Promise<Row[]> => (await db.prepare(sql).all<Row>()).results;
  const devices = await all<{ key: string; status: string; dealer_id: string | null }>("SELECT * FROM devices");
  const alerts = await all<{ device_key: string; alert: string }>("SELECT * FROM alerts");
  const assignments = await all<{ device_key: string; version: string; dealer_id: string | null }>(
    "SELECT * FROM assignments",
  );
  const counts: Record<string, number> = {};
  const count = (...id: string[]) => {
    const name = JSON.stringify(id);
    counts[name] = (counts[name] ?? 0) + 1;
  };
  const sourceIn = (key: string) => key.split(":")[0] as string;
  const dealers = new Map(devices.map(({ key, dealer_id }) => [key, dealer_id ?? ""]));
  for (const { key, status } of devices) count(dealers.get(key) as string, sourceIn(key), status);
  for (const { device_key, alert } of alerts) {
    const { details, progress, acknowledgement } = JSON.parse(alert) as Record<string, Register | undefined>;
    if (progress?.value.kind === "cleared") continue;
    const isAcknowledged = acknowledgement?.value.kind === "acknowledged";
    if (isAcknowledged && !(progress && !isBelow(progress.version, acknowledgement.version))) continue;
    let under = "";
    if (details) {
      const [moment, ...id] = details.version.split("/");
      const raised = [details.value.raisedAt ?? moment, ...id].join("/");
      const before = assignments.filter(
        (each) => each.device_key === device_key && (each.version === raised || isBelow(each.version, raised)),
      );
      const last = before.reduce<(typeof before)[number] | undefined>(
        (newest, each) => (newest && isBelow(each.version, newest.version) ? newest : each),
        undefined,
      );
      under = last?.dealer_id ?? "";
    }
    count(dealers.get(device_key) ?? "", under, sourceIn(device_key), details?.value.severity ?? "");
  }
  return counts;
}

/** By code points, as SQLite compares text. */
function isBelow(a: string, b: string): boolean {
  const [left, right] = [Array.from(a), Array.from(b)].map((text) => text.map((each) => each.codePointAt(0) as number));
  for (let i = 0; ; i++) {
    const [x, y] = [left?.[i], right?.[i]];
    if (x === undefined || y === undefined) return x === undefined && y !== undefined;
    if (x !== y) return x < y;
  }
}
