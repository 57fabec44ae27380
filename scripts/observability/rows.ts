import { ARCHIVE_ROW } from "./archive-row.ts";
import { quantile, type Row, rate } from "./panel.ts";

/** The dashboard, from the top. */
export const ROWS: readonly Row[] = [
  {
    title: "At a glance",
    panels: [
      {
        title: "Records a second",
        description: "Taken from clients.",
        unit: "rps",
        kind: "stat",
        width: 4,
        queries: [[rate("concord_records_accepted_total"), "accepted"]],
      },
      {
        title: "Visible within",
        description: "99 of 100 records, from acceptance until every reader could see them.",
        unit: "s",
        kind: "stat",
        width: 4,
        limit: 1,
        queries: [[quantile(0.99, "concord_freshness_received_seconds", ""), "p99"]],
      },
      {
        title: "In flight",
        description: "Accepted or replayed, and not settled. It comes back to 0.",
        unit: "short",
        kind: "stat",
        width: 4,
        queries: [["concord_records_in_flight", "records"]],
      },
      {
        title: "Dead letters waiting",
        description: "Open letters. The operations API is at /ops#/groups.",
        unit: "short",
        kind: "stat",
        width: 4,
        queries: [['concord_dead_letters{state="open"}', "open"]],
      },
      {
        title: "Oldest letter",
        description: "How long the letter that has waited longest waits.",
        unit: "s",
        kind: "stat",
        width: 4,
        limit: 86_400,
        queries: [["concord_dead_letter_oldest_age_seconds", "age"]],
      },
      {
        title: "Live sockets",
        description: "Opened less closed.",
        unit: "short",
        kind: "stat",
        width: 4,
        queries: [["sum(concord_live_sockets)", "open"]],
      },
    ],
  },
  {
    title: "Freshness",
    panels: [
      {
        title: "From acceptance to visible",
        description: "The platform's own part. The objective is a second for 99 of 100.",
        unit: "s",
        queries: [
          [quantile(0.5, "concord_freshness_received_seconds", ""), "p50"],
          [quantile(0.95, "concord_freshness_received_seconds", ""), "p95"],
          [quantile(0.99, "concord_freshness_received_seconds", ""), "p99"],
          ["concord_freshness_objective_seconds", "objective"],
        ],
      },
      {
        title: "From the event's own time to visible",
        description: "With what the source, its connector and Kafka take.",
        unit: "s",
        queries: [[quantile(0.5, "concord_freshness_occurred_seconds", "topic"), "{{topic}}"]],
      },
      {
        title: "Error budget burn, by topic",
        description: "How many times as fast as the objective allows. At 14.4 somebody is woken.",
        unit: "short",
        limit: 14.4,
        queries: [
          ["topic:concord_freshness_slow:ratio_rate1h / scalar(1 - concord_freshness_objective_ratio)", "{{topic}}"],
        ],
      },
      {
        title: "How sources stand",
        description: "Late is for the source to answer, stalled is for us.",
        unit: "short",
        kind: "state-timeline",
        queries: [["concord_source_state == 1", "{{source}} {{state}}"]],
      },
    ],
  },
  {
    title: "Write path",
    panels: [
      {
        title: "Accepted, by topic",
        description: "Records a second.",
        unit: "rps",
        queries: [[rate("concord_records_accepted_total", "topic"), "{{topic}}"]],
      },
      {
        title: "How records end",
        description: "Unchanged, duplicate and superseded records cost no row.",
        unit: "rps",
        queries: [
          [rate("concord_records_merged_total", "outcome"), "{{outcome}}"],
          [rate("concord_dead_letters_total"), "dead letter"],
          [rate("concord_records_retried_total"), "retried"],
        ],
      },
      {
        title: "Boundary: requests by status",
        description: "What clients were answered.",
        unit: "reqps",
        queries: [
          [
            'sum by (http_response_status_code) (rate(http_server_request_duration_seconds_count{service_name="concord-ingest"}[$__rate_interval]))',
            "{{http_response_status_code}}",
          ],
        ],
      },
      {
        title: "Boundary: requests by client",
        description: "By whose credentials they came with.",
        unit: "reqps",
        queries: [[rate("concord_client_requests_total", "client"), "{{client}}"]],
      },
      {
        title: "Batches",
        description: "Records in a batch, and how long one takes.",
        unit: "short",
        queries: [
          [
            "sum(rate(concord_batch_records_sum[$__rate_interval])) / sum(rate(concord_batch_records_count[$__rate_interval]))",
            "records a batch",
          ],
          [rate("concord_batches_total"), "batches a second"],
        ],
      },
      {
        title: "Handling time, 99 of 100",
        description: "Of a batch, by the topics in it.",
        unit: "s",
        queries: [
          [
            quantile(0.99, "messaging_process_duration_seconds", "messaging_destination_name"),
            "{{messaging_destination_name}}",
          ],
        ],
      },
      {
        title: "Queue",
        description: "Messages by the queue's own count, and records in flight by ours.",
        unit: "short",
        queries: [
          ["concord_queue_backlog_messages", "messages"],
          ["concord_records_in_flight", "records in flight"],
        ],
      },
      {
        title: "Rows and writes a second",
        description: "What is billed.",
        unit: "short",
        queries: [
          [rate("concord_d1_rows_written_total"), "D1 rows written"],
          [rate("concord_d1_rows_read_total"), "D1 rows read"],
          [rate("concord_object_writes_total"), "object writes"],
          [rate("concord_object_calls_total"), "object calls"],
        ],
      },
    ],
  },
  {
    title: "Read path",
    panels: [
      {
        title: "GraphQL operations",
        description: "By the names of trusted documents.",
        unit: "reqps",
        queries: [
          [
            rate("concord_graphql_operation_duration_seconds_count", "graphql_operation_name"),
            "{{graphql_operation_name}}",
          ],
        ],
      },
      {
        title: "GraphQL duration",
        description: "Of queries.",
        unit: "s",
        queries: [
          [quantile(0.5, "concord_graphql_operation_duration_seconds", ""), "p50"],
          [quantile(0.99, "concord_graphql_operation_duration_seconds", ""), "p99"],
        ],
      },
      {
        title: "GraphQL errors",
        description: "By code: most are the client's.",
        unit: "reqps",
        queries: [[rate("concord_graphql_errors_total", "error_type"), "{{error_type}}"]],
      },
      {
        title: "Hubs",
        description: "Changes that consumers carry to hubs a second, and calls that hubs make for what they lack.",
        unit: "rps",
        queries: [
          [rate("concord_hub_offers_total", "outcome"), "offers {{outcome}}"],
          [rate("concord_hub_calls_total", "call"), "calls to {{call}}"],
        ],
      },
      {
        title: "Sockets and rows read",
        description: "Live sockets by what they watch, and D1 rows that queries read a second.",
        unit: "short",
        queries: [
          ["concord_live_sockets", "sockets on {{target}}"],
          [rate("concord_graphql_d1_rows_read_total"), "D1 rows read a second"],
        ],
      },
    ],
  },
  ARCHIVE_ROW,
  {
    title: "Dead letters",
    panels: [
      {
        title: "New letters, by reason",
        description: "A second.",
        unit: "rps",
        queries: [[rate("concord_dead_letters_total", "reason"), "{{reason}}"]],
      },
      {
        title: "Letters, by state",
        description: "Quarantined ones failed again and again.",
        unit: "short",
        queries: [["concord_dead_letters", "{{state}}"]],
      },
      {
        title: "Waiting, by reason",
        description: "Open letters.",
        unit: "short",
        queries: [["concord_dead_letters_waiting", "{{reason}}"]],
      },
      {
        title: "Replays",
        description: "Letters sent back a second, and runs that are not over.",
        unit: "short",
        queries: [
          [rate("concord_records_replayed_total"), "replayed"],
          ["concord_replay_runs", "runs {{state}}"],
        ],
      },
    ],
  },
];
