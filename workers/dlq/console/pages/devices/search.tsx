import { useEffect, useRef, useState } from "preact/hooks";
import type { DeviceJson, DevicePage } from "../../../../../src/shared/desk/device-api.ts";
import { useAnswer } from "../../answer.ts";
import { Badge } from "../../parts/badge.tsx";
import { None } from "../../parts/none.tsx";
import { Answered, Empty } from "../../parts/states.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { hrefOf, type Route, replaceRoute } from "../../route.ts";
import { reportLine, SEARCHED_SOURCES, SEARCHED_STATUSES, STATUS_TONES, sentenceOf } from "./words.ts";

/** How long somebody pauses between two letters. */
const PAUSE_MS = 250;

const PAGE_SIZE = "50";

/** What is looked for. It is part of the address, which may be shared. */
type Wanted = Partial<Record<"text" | "source" | "dealer" | "status" | "after", string>>;

const NAMES = ["text", "source", "dealer", "status", "after"] as const;

const wantedIn = ({ query }: Route): Wanted =>
  Object.fromEntries(NAMES.flatMap((name) => (query.get(name) ? [[name, query.get(name) as string]] : [])));

const pathOf = (wanted: Wanted): string => `/devices?${new URLSearchParams({ ...wanted, first: PAGE_SIZE })}`;

export function SearchView({ route }: { readonly route: Route }) {
  const wanted = wantedIn(route);
  const answer = useAnswer<DevicePage>(pathOf(wanted));
  // What was found stands until something else is: a list that flickers with each letter cannot be read.
  const last = useRef<DevicePage | undefined>(undefined);
  if (answer.data) last.current = answer.data;
  const shown = { ...answer, data: answer.data ?? (answer.isLoading ? last.current : undefined) };
  return (
    <div class="stack devices">
      <h1>Devices</h1>
      <SearchForm wanted={wanted} />
      <p class="unseen" role="status">
        {answer.data && `${answer.data.devices.length} devices on this page`}
      </p>
      <Answered answer={shown} what="devices" rows={8}>
        {(page) => <Result page={page} wanted={wanted} isBusy={answer.isLoading} />}
      </Answered>
    </div>
  );
}

/** Another search begins on its first page. */
const seek = (wanted: Wanted, change: Wanted): void => {
  const { after: _, ...rest } = wanted;
  replaceRoute(hrefOf(["devices"], { ...rest, ...change }));
};

function SearchForm({ wanted }: { readonly wanted: Wanted }) {
  return (
    <search>
      <form class="row filters" onSubmit={(event) => event.preventDefault()}>
        <TextField
          name="text"
          label="Find a device"
          hint="Key, device id, serial number or dealer"
          value={wanted.text ?? ""}
          isFirst
          onText={(text) => seek(wanted, { text })}
        />
        <Choice
          label="Source"
          value={wanted.source}
          options={SEARCHED_SOURCES}
          onChoose={(source) => seek(wanted, { source })}
        />
        <Choice
          label="Status"
          value={wanted.status}
          options={SEARCHED_STATUSES}
          onChoose={(status) => seek(wanted, { status })}
        />
        <TextField
          name="dealer"
          label="Dealer"
          hint="Dealer id"
          value={wanted.dealer ?? ""}
          onText={(dealer) => seek(wanted, { dealer })}
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
  /** Where "/" leads, and who comes to the page. */
  readonly isFirst?: boolean;
  readonly onText: (text: string) => void;
};

/** Text that is looked for once somebody pauses; what comes from elsewhere, as by a link, replaces it. */
function TextField({ name, label, hint, value, isFirst = false, onText }: TextFieldProps) {
  const [text, setText] = useState(value);
  const field = useRef<HTMLInputElement>(null);
  const latest = useRef(onText);
  latest.current = onText;
  // What we have said ourselves comes back when somebody may have typed on.
  const said = useRef(value);
  useEffect(() => {
    if (value === said.current) return;
    said.current = value;
    setText(value);
  }, [value]);
  useEffect(() => {
    if (text.trim() === said.current) return;
    const timer = setTimeout(() => {
      said.current = text.trim();
      latest.current(said.current);
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
          {option === option.toUpperCase() ? sentenceOf(option) : option}
        </option>
      ))}
    </select>
  </div>
);

type ResultProps = { readonly page: DevicePage; readonly wanted: Wanted; readonly isBusy: boolean };

function Result({ page: { devices, nextCursor }, wanted, isBusy }: ResultProps) {
  const next = nextCursor && hrefOf(["devices"], { ...wanted, after: nextCursor });
  const { after, ...first } = wanted;
  return (
    <section class="card result" aria-label="Found devices" aria-busy={isBusy}>
      {devices.length === 0 ? (
        <NothingFound wanted={wanted} hasMore={nextCursor !== null} />
      ) : (
        <Table class="found" columns={COLUMNS} items={devices} keyOf={({ key }) => key} />
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

function NothingFound({ wanted, hasMore }: { readonly wanted: Wanted; readonly hasMore: boolean }) {
  if (hasMore) return <Empty title="None on this page">The search goes on on the next one.</Empty>;
  const isAny = Object.keys(wanted).length === 0;
  return (
    <Empty title={isAny ? "No device yet" : "No device found"}>
      {isAny
        ? "The first event that names a device makes one."
        : "Case matters. An id, a key such as elt:1234 and a serial number are found by how they begin; a dealer by its whole id."}
    </Empty>
  );
}

const COLUMNS: readonly Column<DeviceJson>[] = [
  {
    name: "Device",
    by: ({ key }) => key,
    isName: true,
    cell: ({ key }) => (
      <a class="mono key" href={hrefOf(["devices", key])}>
        {key}
      </a>
    ),
  },
  {
    name: "Status",
    by: ({ status }) => status,
    cell: ({ status }) => <Badge tone={STATUS_TONES[status]}>{sentenceOf(status)}</Badge>,
  },
  {
    name: "Model",
    by: ({ model }) => model,
    cell: ({ model, firmware }) => (
      <>
        {model ?? <None />}
        {firmware && <span class="muted"> {firmware}</span>}
      </>
    ),
  },
  {
    name: "Serial number",
    by: ({ serialNumber }) => serialNumber,
    class: "mono",
    cell: ({ serialNumber }) => serialNumber ?? <None />,
  },
  {
    name: "Dealer",
    by: ({ dealerId }) => dealerId,
    cell: ({ dealerId }) =>
      dealerId === null ? <None /> : <a href={hrefOf(["devices"], { dealer: dealerId })}>{dealerId}</a>,
  },
  { name: "Last report", cell: ({ report }) => (report ? reportLine(report) : <None />) },
  {
    name: "Newest event",
    by: ({ updatedAt }) => updatedAt,
    class: "tight",
    cell: ({ updatedAt }) => <Time at={updatedAt} />,
  },
];
