import * as fc from "fast-check";
import { mostly, oddJson, oneOf } from "./fuzz-bodies.ts";

/** A request about earlier times, or to a route of the archive. */
export type ArchiveRequest = {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** JSON, or what should be; `null` for none. */
  readonly body: string | null;
  readonly role: "viewer" | "operator" | "admin";
  /** What has to be refused whatever the platform holds, and why; `null` if it may be answered. */
  readonly refusedFor: string | null;
};

/** A device that the caller has sent events about, and one that there is none of. */
export const FUZZED = "fuzz-archive-1";
const key = mostly(
  oneOf(`elt:${FUZZED}`),
  oneOf("elt:nobody", "elt:", ":", "nobody:1", "elt:\u0000", "elt:é", `elt:${"x".repeat(600)}`, "elt:a/b", "%", ""),
);

type Time = { readonly text: string; readonly is: "past" | "future" | "none" };
const timesOf = (is: Time["is"], ...texts: readonly string[]): fc.Arbitrary<Time> =>
  fc.constantFrom(...texts.map((text) => ({ text, is })));

const past = fc.oneof(
  // Mostly while there is a device.
  { weight: 3, arbitrary: fc.integer({ min: 1_000, max: 3_000_000 }).map((ms) => ago(ms)) },
  { weight: 1, arbitrary: fc.integer({ min: 1_000, max: 10 ** 8 }).map((ms) => ago(ms)) },
  timesOf(
    "past",
    ...["0000-01-01T00:00:00Z", "0000-12-31T23:59:59.999999999999999999-23:59", "0001-01-01T00:00:00+00:00"],
    ...["1969-12-31T23:59:59.999Z", "1970-01-01T00:00:00Z", "2016-12-31T23:59:60Z", "2016-12-31T18:59:60.5-05:00"],
    ...["2024-02-29T12:00:00Z", "2024-03-10T02:30:00-05:00", "2025-01-01t00:00:00z", "2025-06-30T23:59:60Z"],
    ...["2025-01-01T00:00:00.123456789Z", "2025-01-01T00:00:00-00:00"],
  ),
);
const future = timesOf(
  "future",
  ...["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:60Z", "2150-01-01T00:00:00+14:00", "2999-06-30T23:59:60.9Z"],
);
const noTime = timesOf(
  "none",
  ...["", " ", "now", "0", "2025", "2025-01-01", "2025-01-01T00:00:00", "2025-02-30T00:00:00Z", "2025-01-01T24:00:00Z"],
  ...["2025-01-01T00:00:61Z", "2025-01-15T23:59:60Z", "10000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z"],
  ...["9999-12-31T23:59:59-00:01", "0000-01-01T00:00:00+00:01", "2025-01-01T00:00:00+24:00", "2025-01-01 00:00:00Z"],
  ...["2025-01-01T00:00:00.Z", `2025-01-01T00:00:00.${"1".repeat(19)}Z`, "２０２５-01-01T00:00:00Z", "1e3", "\u0000"],
);
const time = fc.oneof(
  { weight: 6, arbitrary: past },
  { weight: 1, arbitrary: future },
  { weight: 1, arbitrary: noTime },
);

const ago = (ms: number): Time => ({ text: new Date(Date.now() - ms).toISOString(), is: "past" });

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const timesAsked = fc.record({ asOf: mostly(time, fc.constant(undefined)), knownAt: optional(time) });

function whyRefused({ asOf, knownAt }: { readonly asOf?: Time | undefined; readonly knownAt?: Time | undefined }) {
  for (const [name, given] of Object.entries({ asOf, knownAt })) {
    if (given && given.is !== "past") return given.is === "none" ? `${name} is no time` : `${name} is in the future`;
  }
  return knownAt && !asOf ? "knownAt without asOf" : null;
}

const step = mostly(
  oneOf("60", "600", "3600", "86400", "2147483647"),
  oneOf("", "0", "-60", "59", "60.5", "1e3", "1e308", "Infinity", "NaN", "0x3c", "2147483648", "9".repeat(400), "x"),
);
const FIELDS = ["indoorTemperatureC", "heatSetpointC", "coolSetpointC", "humidityPct"] as const;
const fields = mostly(
  fc.subarray([...FIELDS], { minLength: 1 }).map((all) => all.join()),
  oneOf("", ",", "pressure", "__proto__", "humidityPct,humidityPct", "HUMIDITY_PCT"),
);

const get = (path: string, query: Readonly<Record<string, string | undefined>>, refusedFor: string | null = null) => ({
  method: "GET" as const,
  path: `${path}?${new URLSearchParams(Object.entries(query).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])))}`,
  body: null,
  role: "viewer" as const,
  refusedFor,
});

const asOfOverHttp = fc
  .tuple(key, timesAsked)
  .map(([named, asked]) =>
    get(
      `/ops/api/devices/${encodeURIComponent(named)}`,
      { asOf: asked.asOf?.text, knownAt: asked.knownAt?.text },
      whyRefused(asked),
    ),
  );

const range = fc.record({ from: time, to: time });
const whyNoRange = ({ from, to }: { readonly from: Time; readonly to: Time }): string | null =>
  from.is === "none" || to.is === "none" ? "no time" : null;

const readingsOverHttp = fc
  .tuple(key, range, step, optional(fields))
  .map(([named, { from, to }, seconds, wanted]) =>
    get(
      `/ops/api/devices/${encodeURIComponent(named)}/readings`,
      { from: from.text, to: to.text, step: seconds, fields: wanted },
      whyNoRange({ from, to }),
    ),
  );

const graphql = (query: string, variables: object, refusedFor: string | null) => ({
  method: "POST" as const,
  path: "/graphql",
  body: JSON.stringify({ query, variables }),
  role: "viewer" as const,
  refusedFor,
});

const DEVICE = `query ($key: String!, $asOf: DateTime, $knownAt: DateTime, $from: DateTime, $to: DateTime, $first: Int) {
  device(by: { key: $key }, asOf: $asOf, knownAt: $knownAt) {
    id status updatedAt dealer { name } customer { name } report { reportedAt }
    earlier { asOf knownAt completeUntil completeSince }
    alerts(first: $first, filter: { raised: { from: $from, to: $to } }) { totalCount nodes { alertId } }
    assignments(first: $first) { nodes { from to } }
    history(first: $first, filter: { occurred: { from: $from, to: $to } }) { nodes { occurredAt } }
  }
}`;
const asOfOverGraphql = fc
  .tuple(key, timesAsked, optional(past), optional(past), mostly(oneOf(1, 20), oneOf(0, -1, 10_000)))
  .map(([named, asked, from, to, first]) =>
    graphql(
      DEVICE,
      { key: named, asOf: asked.asOf?.text, knownAt: asked.knownAt?.text, from: from?.text, to: to?.text, first },
      whyRefused(asked),
    ),
  );

const READINGS = `query ($key: String!, $from: DateTime!, $to: DateTime!, $step: Int!, $fields: [ReadingField!]) {
  device(by: { key: $key }) {
    readings(from: $from, to: $to, step: $step, fields: $fields) {
      completeUntil completeSince points { at indoorTemperatureC { min max mean count } }
    }
  }
}`;
const readingsOverGraphql = fc
  .tuple(
    key,
    range,
    mostly(oneOf<unknown>(60, 3_600, 86_400, 2_147_483_647), oneOf<unknown>(0, -60, 60.5, 2 ** 31, 1e308, "60", null)),
    mostly(oneOf<unknown>(undefined, ["HUMIDITY_PCT"]), oneOf<unknown>([], [null], "HUMIDITY_PCT", ["pressure"])),
  )
  .map(([named, { from, to }, seconds, wanted]) =>
    graphql(
      READINGS,
      { key: named, from: from.text, to: to.text, step: seconds, fields: wanted },
      whyNoRange({ from, to }),
    ),
  );

/** The routes under `/ops/api/archive`, as the operations API has them. */
export const ARCHIVE_ROUTES = {
  get: [
    "/archive/jobs",
    "/archive/jobs/:name",
    "/archive/status",
    "/archive/check",
    "/archive/recent",
    "/archive/verification",
    "/archive/forgets",
    "/archive/forgets/preview",
    "/archive/forgets/:id",
  ],
  post: [
    "/archive/jobs/:name",
    "/archive/jobs/:name/pause",
    "/archive/jobs/:name/resume",
    "/archive/jobs/:name/cancel",
    "/archive/forgets",
  ],
} as const;

const name = mostly(
  oneOf("files", "verification", "rebuild"),
  oneOf(
    "__proto__",
    "compaction",
    "%00",
    "%ff",
    "a%2Fb",
    "é",
    "x".repeat(3_000),
    "00000000-0000-0000-0000-000000000000",
  ),
);
const filled = (route: string) => name.map((each) => `/ops/api${route.replace(/:\w+/, each)}`);

const archiveQuery = fc.oneof(
  fc.constant({}),
  fc.record(
    {
      day: mostly(
        oneOf("2026-11-23"),
        oneOf("", "2026-02-30", "0000-00-00", "9999-12-31", "-1", "2026-11-23T00:00:00Z"),
      ),
      after: mostly(
        oneOf("days/day=2026-11-23/x", "2026-11-23"),
        oneOf("", "days/", `2026-11-23${"x".repeat(2_000)}`, "2026-11-23\u0000", "9999-99-99", "../2026-11-23"),
      ),
      device: key,
      seconds: mostly(oneOf("1", "300", "3600"), oneOf("", "0", "-1", "3601", "1e3", "0.5", "NaN", "9".repeat(400))),
      bucket: mostly(oneOf("00", "ff"), oneOf("", "0", "FF", "100", "zz")),
      source: mostly(oneOf("elt", "infinity"), oneOf("", "nobody", "__proto__")),
      customerId: mostly(oneOf("C-fuzz"), oneOf("", "x".repeat(65), "\u0000", "é", "' OR 1=1 --")),
      unknown: oneOf("1"),
    },
    { requiredKeys: [] },
  ),
);
const role = oneOf("viewer", "operator", "admin", "admin");

const archiveGet = fc
  .tuple(fc.constantFrom(...ARCHIVE_ROUTES.get).chain(filled), archiveQuery, role)
  .chain(([path, all, by]) =>
    // Mostly few of them: each route takes some, and refuses the others.
    fc.subarray(Object.keys(all)).map((names) => {
      const query = Object.fromEntries(names.map((each) => [each, (all as Record<string, string>)[each]]));
      return { ...get(path, query), role: by };
    }),
  );

const member = (known: readonly string[]) => mostly(fc.constantFrom(...known), oddJson);
const order = (kinds: readonly string[]) =>
  fc
    .record(
      {
        kind: member(kinds),
        params: fc.oneof(
          oddJson,
          fc.record({ day: oneOf('"2026-02-30"', '"9999-12-31"', "1", "null", '""') }).map(membersOf),
          fc.record({ bucket: oneOf('"zz"', '"00"', "0"), device: oneOf('"elt:"', '"elt:a"', "null") }).map(membersOf),
          fc
            .record({ buckets: oneOf('"all"', '"some"'), archivedSince: oneOf('""', '"0000"', '"now"', "0") })
            .map(membersOf),
          fc.record({ into: oneOf('"D2"', "null"), pace: oneOf("0", "-1", "1e308"), unknown: oddJson }).map(membersOf),
        ),
        reason: mostly(oneOf('"a fuzzed order"'), oddJson),
        source: member(['"elt"', '"nobody"']),
        customerId: mostly(oneOf('""', `"${"x".repeat(65)}"`), oddJson),
        unknown: oddJson,
      },
      { requiredKeys: [] },
    )
    .chain((all) =>
      fc
        .subarray(Object.keys(all))
        .map((names) =>
          membersOf(Object.fromEntries(names.map((each) => [each, (all as Record<string, string>)[each] as string]))),
        ),
    );
const membersOf = (all: Readonly<Record<string, string>>): string =>
  `{${Object.entries(all)
    .map(([each, text]) => `${JSON.stringify(each)}:${text}`)
    .join()}}`;

const archivePost = (kinds: readonly string[]) =>
  fc
    .tuple(
      fc.constantFrom(...ARCHIVE_ROUTES.post).chain(filled),
      mostly(order(kinds), fc.oneof(oddJson, oneOf("", "{", "\u0000", "[1,]", '{"kind":"compaction"'))),
      role,
    )
    .map(([path, body, by]) => ({ method: "POST" as const, path, body, role: by, refusedFor: null }));

/** Orders that start something, or end it. */
const started = (isOwn: boolean) =>
  fc
    .oneof(
      ...[
        ["/archive/jobs/files", '{"kind":"compaction"}'],
        ["/archive/jobs/verification", '{"kind":"verification","params":{"bucket":"0a"},"reason":"fuzzed"}'],
        ...(isOwn
          ? [
              ["/archive/jobs/rebuild", '{"kind":"rebuild","params":{"restart":true}}'],
              ["/archive/jobs/rebuild", '{"kind":"rebuild","params":{"into":"live"},"reason":"fuzzed"}'],
              ["/archive/forgets", '{"source":"elt","customerId":"C-fuzz","reason":"fuzzed","evenIfUnknown":true}'],
            ]
          : []),
        ...["files", "verification", "rebuild"].flatMap((job) =>
          ["pause", "resume", "cancel"].map((action) => [`/archive/jobs/${job}/${action}`, "{}"]),
        ),
      ].map((each) => fc.constant(each as [string, string])),
    )
    .map(([path, body]) => ({
      ...{ method: "POST" as const, path: `/ops/api${path}`, body },
      ...{ role: "admin" as const, refusedFor: null },
    }));

/**
 * @param isOwn whether the platform is there for this alone. If it is shared, no rebuild is started: it takes D1.
 */
export const archiveRequest = (isOwn: boolean): fc.Arbitrary<ArchiveRequest> =>
  fc.oneof(
    asOfOverHttp,
    asOfOverGraphql,
    readingsOverHttp,
    readingsOverGraphql,
    archiveGet,
    started(isOwn),
    archivePost(['"compaction"', '"verification"', ...(isOwn ? ['"rebuild"', '"forgetting"'] : ['"nothing"'])]),
  );
