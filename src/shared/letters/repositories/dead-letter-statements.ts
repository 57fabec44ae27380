import { LETTER_STATES } from "../states.ts";

/** How many replays of a letter may fail before the next one has to be forced. Ours. */
export const MAX_REPLAYS = 5;

// The statements of `DeadLetterRepository` that drizzle cannot express. The search words of an edited letter stay those
// of its record, since an edit may have moved personal data to a place that is searched. `failure` and `record` are
// extracted with ->, which keeps their JSON text with its escapes; the rest with ->>. Without `WHERE true` SQLite would
// read ON CONFLICT as the ON of a join.
export const PARK = `
INSERT INTO dead_letters (
  id, state, topic, event_id, device_key, stage, reason, failure, record, failures,
  first_failed_at_ms, last_failed_at_ms, contract_version, worker_version, traceparent, group_id, signature, search,
  emptied_at_ms
)
SELECT
  value->>'id', 'open', value->>'topic', value->>'eventId', value->>'deviceKey', value->>'stage',
  value->'failure'->>'reason', value->'failure', value->'record', 1,
  value->>'failedAtMs', value->>'failedAtMs', value->>'contractVersion', value->>'workerVersion', value->>'traceparent',
  value->>'groupId', value->>'signature', value->>'search', value->>'emptiedAtMs'
FROM json_each(?1) WHERE true
ON CONFLICT (id) DO UPDATE SET
  state = CASE
    WHEN excluded.last_failed_at_ms <= coalesce(settled_at_ms, 0) THEN state
    WHEN state = 'replaying' AND replays >= ${MAX_REPLAYS} THEN 'quarantined'
    ELSE 'open'
  END,
  outcome = CASE WHEN excluded.last_failed_at_ms > coalesce(settled_at_ms, 0) THEN NULL ELSE outcome END,
  topic = excluded.topic,
  event_id = excluded.event_id,
  device_key = excluded.device_key,
  stage = excluded.stage,
  reason = excluded.reason,
  failure = excluded.failure,
  record = CASE WHEN revision > 0 AND emptied_at_ms IS NULL THEN record ELSE excluded.record END,
  emptied_at_ms = excluded.emptied_at_ms,
  discard_reason = NULL,
  discarded_at_ms = NULL,
  group_id = excluded.group_id,
  signature = excluded.signature,
  search = CASE WHEN revision > 0 AND instr(search, char(10)) > 0
    THEN excluded.signature || substr(search, instr(search, char(10)))
    ELSE excluded.search END,
  failures = failures + 1,
  last_failed_at_ms = excluded.last_failed_at_ms,
  contract_version = excluded.contract_version,
  worker_version = excluded.worker_version,
  traceparent = excluded.traceparent
WHERE excluded.last_failed_at_ms > dead_letters.last_failed_at_ms`;

// SQLite takes `outcome` from the row with the smallest settledAtMs: sqlite.org/lang_select.html#bareagg
export const SETTLE = `
UPDATE dead_letters SET state = 'resolved', outcome = ended.outcome, settled_at_ms = ended.at_ms
FROM (
  SELECT letter.id, settlement.value->>'outcome' AS outcome, min(settlement.value->>'settledAtMs') AS at_ms
  FROM json_each(?1) AS settlement
  CROSS JOIN dead_letters AS letter ON letter.id = settlement.value->>'letterId'
  WHERE letter.state <> 'resolved' AND letter.last_failed_at_ms <= settlement.value->>'settledAtMs'
  GROUP BY letter.id
) AS ended
WHERE dead_letters.id = ended.id`;

// A claim by the same run, whose answer was lost, is claimed again and does not count as another replay.
export const CLAIM = `
UPDATE dead_letters SET
  replays = replays + (state <> 'replaying' OR replayed_at_ms <= ?3),
  state = 'replaying', replayed_at_ms = ?2, run_id = ?4
WHERE id IN (SELECT value FROM json_each(?1)) AND emptied_at_ms IS NULL AND (
  state = 'open'
  OR (?5 AND state IN ('quarantined', 'resolved'))
  OR (state = 'replaying' AND (run_id = ?4 OR replayed_at_ms <= ?3))
)
RETURNING id`;

export const RELEASE = `
UPDATE dead_letters SET
  state = CASE
    WHEN settled_at_ms >= last_failed_at_ms THEN 'resolved'
    WHEN replays > ${MAX_REPLAYS} THEN 'quarantined'
    ELSE 'open'
  END,
  replays = replays - 1,
  replayed_at_ms = NULL,
  run_id = NULL
WHERE id IN (SELECT value FROM json_each(?1)) AND state = 'replaying' AND replayed_at_ms = ?2`;

const ANY_STATE = LETTER_STATES.map((state) => `'${state}'`).join(", ");

export const ARRIVALS = `
SELECT
  (SELECT count(*) FROM dead_letters WHERE state IN (${ANY_STATE}) AND last_failed_at_ms >= ?1) AS lately,
  (SELECT count(*) FROM dead_letters
    WHERE state IN (${ANY_STATE}) AND last_failed_at_ms >= ?2 AND last_failed_at_ms < ?1) AS before,
  (SELECT min(last_failed_at_ms) FROM dead_letters WHERE state = 'open') AS oldestWaitingMs`;
