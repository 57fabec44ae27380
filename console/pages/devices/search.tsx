import { useEffect, useRef, useState } from "preact/hooks";
import { SOURCES } from "#domain/event.ts";
import type { DeviceJson, DevicePage } from "#ops/device-api.ts";
import { deviceSorts } from "#ops/sorts.ts";
import { useAnswer } from "../../answer.ts";
import { Badge } from "../../parts/badge.tsx";
import { None } from "../../parts/none.tsx";
import { Answered, Empty } from "../../parts/states.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { Day, Time } from "../../parts/time.tsx";
import { hrefOf, type Route, replaceRoute } from "../../route.ts";
import { capitalize, reportLine, SEARCHED_STATUSES, STATUS_TONES } from "./words.ts";

/** A pause in typing of this length starts the search. */
const PAUSE_MS = 250;

const PAGE_SIZE = "50";

const NAMES = ["text", "source", "dealer", "status", "sort", "after"] as const;

/** The search, which is part of the page's address and can be shared. */
type Search = Partial<Record<(typeof NAMES)[number], string>>;

const searchIn = ({ query }: Route): Search =>
  Object.fromEntries(NAMES.flatMap((name) => (query.get(name) ? [[name, query.get(name) as string]] : [])));

const pathOf = (search: Search): string => `/devices?${new URLSearchParams({ ...search, first: PAGE_SIZE })}`;

export function SearchView({ route }: { readonly route: Route }) {
  const search = searchIn(route);
  const answer = useAnswer<DevicePage>(pathOf(search));
  // The last result is shown until the next one arrives, so that the list does not flicker at each key.
  const last = useRef<DevicePage | undefined>(undefined);
  if (answer.data) last.current = answer.data;
  const shown = { ...answer, data: answer.data ?? (answer.isLoading ? last.current : undefined) };
  return (
    <div class="stack devices">
      <h1>Devices</h1>
      <SearchForm search={search} />
      <p class="unseen" role="status">
        {answer.data && `${answer.data.devices.length} devices on this page`}
      </p>
      <Answered answer={shown} what="devices" rows={8}>
        {(page) => <Result page={page} search={search} isBusy={answer.isLoading} />}
      </Answered>
    </div>
  );
}

/** Starts another search on its first page, in the order of the last one if it can be had. */
const searchFor = (search: Search, change: Search): void => {
  const { after: _, sort, ...rest } = { ...search, ...change };
  const sortable: readonly string[] = deviceSorts(rest);
  replaceRoute(hrefOf(["devices"], { ...rest, sort: sort && sortable.includes(sort.replace(/^-/, "")) ? sort : "" }));
};

function SearchForm({ search }: { readonly search: Search }) {
  return (
    <search>
      <form class="row filters" onSubmit={(event) => event.preventDefault()}>
        <TextField
          name="text"
          label="Find a device"
          hint="Key, device id, serial number or dealer"
          value={search.text ?? ""}
          isFirst
          onText={(text) => searchFor(search, { text })}
        />
        <Choice
          label="Source"
          value={search.source}
          options={SOURCES}
          onChoose={(source) => searchFor(search, { source })}
        />
        <Choice
          label="Status"
          value={search.status}
          options={SEARCHED_STATUSES}
          onChoose={(status) => searchFor(search, { status })}
        />
        <TextField
          name="dealer"
          label="Dealer"
          hint="Dealer id"
          value={search.dealer ?? ""}
          onText={(dealer) => searchFor(search, { dealer })}
        />
      </form>
    </search>
  );
}

type TextFieldProps = {
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  /** The field that "/" focuses. */
  readonly isFirst?: boolean;
  readonly onText: (text: string) => void;
};

/** A text field that searches after a pause in typing. A value from elsewhere, such as a link, replaces its text. */
function TextField({ name, label, hint, value, isFirst = false, onText }: TextFieldProps) {
  const [text, setText] = useState(value);
  const field = useRef<HTMLInputElement>(null);
  const latest = useRef(onText);
  latest.current = onText;
  // A value that this field has sent itself is ignored: the reader may have typed on in between.
  const sent = useRef(value);
  useEffect(() => {
    if (value === sent.current) return;
    sent.current = value;
    setText(value);
  }, [value]);
  useEffect(() => {
    if (text.trim() === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = text.trim();
      latest.current(sent.current);
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  useEffect(() => {
    if (!isFirst) return;
    const jump = (event: KeyboardEvent) => {
      if (event.key !== "/" || isTyping(event.target)) return;
      event.preventDefault();
      field.current?.select();
    };
    addEventListener("keydown", jump);
    return () => removeEventListener("keydown", jump);
  }, [isFirst]);
  return (
    <div class={`field ${isFirst ? "wide" : ""}`}>
      <label for={`devices-${name}`}>{label}</label>
      <input
        ref={field}
        id={`devices-${name}`}
        type="search"
        maxLength={80}
        autoComplete="off"
        spellcheck={false}
        placeholder={hint}
        aria-keyshortcuts={isFirst ? "/" : undefined}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
    </div>
  );
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest("input, textarea, select") !== null;

type ChoiceProps = {
  readonly label: string;
  readonly value: string | undefined;
  readonly options: readonly string[];
  readonly onChoose: (value: string) => void;
};

const Choice = ({ label, value = "", options, onChoose }: ChoiceProps) => (
  <div class="field">
    <label for={`devices-${label}`}>{label}</label>
    <select id={`devices-${label}`} value={value} onChange={({ currentTarget }) => onChoose(currentTarget.value)}>
      <option value="">Any</option>
      {options.map((option) => (
        <option key={option} value={option}>
          {option === option.toUpperCase() ? capitalize(option) : option}
        </option>
      ))}
    </select>
  </div>
);

type ResultProps = { readonly page: DevicePage; readonly search: Search; readonly isBusy: boolean };

function Result({ page: { devices, nextCursor }, search, isBusy }: ResultProps) {
  const next = nextCursor && hrefOf(["devices"], { ...search, after: nextCursor });
  const { after, ...first } = search;
  return (
    <section class="card result" aria-label="Devices" aria-busy={isBusy}>
      {devices.length === 0 ? (
        <NothingFound search={search} hasMore={nextCursor !== null} />
      ) : (
        <Table
          class="found"
          columns={COLUMNS}
          items={devices}
          keyOf={({ key }) => key}
          pagesOf="devices"
          sortable={deviceSorts(search)}
        />
      )}
      {search.sort?.endsWith("newest-event") && (
        <p class="muted order">By the day of the newest event, in UTC, and then by key.</p>
      )}
      {(after || next) && (
        <nav class="row pages" aria-label="Pages of devices">
          {after && (
            <a class="button" href={hrefOf(["devices"], first)}>
              First page
            </a>
          )}
          {next && (
            <a class="button" href={next}>
              Next page
            </a>
          )}
        </nav>
      )}
    </section>
  );
}

function NothingFound({ search, hasMore }: { readonly search: Search; readonly hasMore: boolean }) {
  if (hasMore) return <Empty title="No devices on this page">The search continues on the next page.</Empty>;
  const isAny = !(search.text || search.source || search.dealer || search.status);
  return (
    <Empty title={isAny ? "No devices yet" : "No devices match this search"}>
      {isAny
        ? "A device is created by its first event."
        : "Case matters. Ids, keys such as elt:1234 and serial numbers match by their beginning, dealer ids as a whole."}
    </Empty>
  );
}

const COLUMNS: readonly Column<DeviceJson>[] = [
  {
    name: "Device",
    isName: true,
    cell: ({ key }) => (
      <a class="mono key" href={hrefOf(["devices", key])}>
        {key}
      </a>
    ),
  },
  {
    name: "Status",
    cell: ({ status }) => <Badge tone={STATUS_TONES[status]}>{capitalize(status)}</Badge>,
  },
  {
    name: "Model",
    cell: ({ model, firmware }) => (
      <>
        {model ?? <None />}
        {firmware && <span class="muted"> {firmware}</span>}
      </>
    ),
  },
  {
    name: "Serial number",
    class: "mono tight",
    cell: ({ serialNumber }) => serialNumber ?? <None />,
  },
  {
    name: "Dealer",
    class: "tight",
    cell: ({ dealerId }) =>
      dealerId === null ? <None /> : <a href={hrefOf(["devices"], { dealer: dealerId })}>{dealerId}</a>,
  },
  {
    name: "Registered",
    class: "tight",
    cell: ({ registeredAt }) => (registeredAt === null ? <None /> : <Day at={registeredAt} />),
  },
  { name: "Last report", cell: ({ report }) => (report ? reportLine(report) : <None />) },
  {
    name: "Newest event",
    class: "tight",
    cell: ({ updatedAt }) => <Time at={updatedAt} />,
  },
];
