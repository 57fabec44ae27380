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
  atMost(1.5, "object requests of screens of 50 devices on one socket, to fifty sockets", requestsRatio(live)),
  atMost(
    1.2,
    "their push latency (p99), to that of fifty sockets",
    live.oneSocket.pushMs.p99 / live.fiftySockets.pushMs.p99,
  ),
];

const LIVE_NAMES: Readonly<Record<keyof LiveFigures, string>> = {
  sockets: "500 sockets of one subscription, at devices' objects",
  socketsAtHubs: "500 sockets of one subscription, at hubs",
  fiftySockets: "20 screens of 50 devices, fifty sockets each",
  oneSocket: "20 screens of 50 devices, one socket each, one office",
  oneSocketAtHubs: "20 screens of 50 devices, one socket each, 20 places",
  oneScreen: "one screen of 50, one socket, events one by one",
  oneScreenOfSockets: "one screen of 50, fifty sockets, events one by one",
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

const requestsRatio = ({ oneSocket, fiftySockets }: LiveFigures): number => {
  const all = ({ objectRequests: { opening, events } }: LiveRun) => opening + events;
  return all(oneSocket) / all(fiftySockets);
};
