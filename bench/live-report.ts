import type { Row } from "../local/screen.ts";
import { atMost, type Gate, ms } from "./gates.ts";
import type { LiveFigures, LiveRun } from "./live.ts";

/** Nothing is missed or repeated, and what one socket for a screen costs beside a socket for each of its devices. */
export const liveGates = (live: LiveFigures): Gate[] => [
  atMost(
    0,
    "revisions that were not delivered to a subscription",
    sumOf(live, ({ missed }) => missed),
  ),
  atMost(
    0,
    "revisions that were delivered to a subscription twice",
    sumOf(live, ({ repeated }) => repeated),
  ),
  atMost(1.5, "object requests of screens on one socket each, to a socket for each device", requestsRatio(live)),
  ...(live.oneSocket.events < MIN_EVENTS
    ? []
    : [
        atMost(
          1.2,
          "their push latency (p99), to that of a socket for each device",
          live.oneSocket.pushMs.p99 / live.manySockets.pushMs.p99,
        ),
      ]),
];

/** A 99th percentile of fewer events is the time of a few of them. */
const MIN_EVENTS = 1_000;

const LIVE_NAMES: Readonly<Record<keyof LiveFigures, string>> = {
  sockets: "a subscription a socket, at the devices' objects",
  socketsAtHubs: "a subscription a socket, at hubs",
  manySockets: "screens with a socket for each device",
  oneSocket: "screens with one socket each, in one office",
  oneSocketAtHubs: "screens with one socket each, in as many places",
  oneScreenOfSockets: "one screen, a socket for each device, events one by one",
  oneScreen: "one screen, one socket, events one by one",
};

/** A few lines for each shape. */
export const liveRows = (live: LiveFigures): Row[] =>
  (Object.keys(LIVE_NAMES) as (keyof LiveFigures)[]).flatMap((name): Row[] => {
    const { sockets, subscriptions, events, told, missed, repeated, pushMs, objectRequests: requests } = live[name];
    return [
      [LIVE_NAMES[name], `${sockets} sockets`, `${subscriptions} subscriptions`],
      ["  events", events, `delivered ${told} times: ${missed} missed, ${repeated} repeated`],
      [
        "  push latency",
        `p50 ${ms(pushMs.p50)}, p99 ${ms(pushMs.p99)}, max ${ms(pushMs.max)}`,
        "from the POST's beginning",
      ],
      [
        "  object requests",
        `${Math.round(requests.opening)} to open`,
        `${(requests.events / events).toFixed(2)} an event, with its merge`,
      ],
    ];
  });

const sumOf = (live: LiveFigures, figureOf: (run: LiveRun) => number): number =>
  Object.values(live).reduce((sum, run) => sum + figureOf(run), 0);

const requestsRatio = ({ oneSocket, manySockets }: LiveFigures): number => {
  const all = ({ objectRequests: { opening, events } }: LiveRun) => opening + events;
  return all(oneSocket) / all(manySockets);
};
