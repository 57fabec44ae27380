import { PRICES } from "../bench/prices.ts";
import { DAYS_A_MONTH } from "./bill.ts";

/** A screen that shows devices live, in a fleet where others have one too. */
export type Screen = {
  /** What it shows, and of how many its hub follows for all of its screens; no two show the same. */
  readonly devices: number;
  readonly screensOfHub: number;
  readonly fleet: number;
  readonly eventsPerDeviceDay: number;
  /** Records of a batch, of devices that have nothing to do with each other. */
  readonly recordsPerBatch: number;
  readonly hoursADay: number;
  /** How often it connects in a day, since a token expires or a network changes. */
  readonly connectsADay: number;
};

/** A month of the screen, beside the merges of its devices' events, which happen without it. */
export type ScreenCost = {
  readonly objectRequests: number;
  readonly objectRowsWritten: number;
  readonly workerRequests: number;
  readonly dollars: number;
};

/** Twenty messages that arrive on a socket are one request: developers.cloudflare.com/durable-objects/platform/pricing */
const MESSAGES_A_REQUEST = 20;

/** Messages that a client sends for a socket with one subscription: it authenticates, subscribes and ends. */
const MESSAGES_OF_SOCKET = 2;

/** A socket for each device, which ends in the device's object. What the object merges it pushes itself. */
export function costOfSockets(screen: Screen): ScreenCost {
  const connects = screen.connectsADay * DAYS_A_MONTH * screen.devices;
  return priced({
    objectRequests: connects * (1 + MESSAGES_OF_SOCKET / MESSAGES_A_REQUEST),
    objectRowsWritten: 0,
    // The front door hands the request on to the devices Worker, which costs nothing more.
    workerRequests: connects,
  });
}

/** One socket for all of them, which ends in a hub. */
export function costOfHub(screen: Screen): ScreenCost {
  const { devices, connectsADay } = screen;
  const connects = connectsADay * DAYS_A_MONTH;
  const follows = connects * devices;
  const calls = hubCallsADay(screen) * (screen.hoursADay / 24) * DAYS_A_MONTH;
  return priced({
    // Each device is followed, and later not any more; the hub is called for each batch that has news for it.
    objectRequests: connects * (1 + MESSAGES_OF_SOCKET / MESSAGES_A_REQUEST) + 2 * follows + calls,
    // The socket, its subscription and each device are a row of the hub, and the hub is a value of each device.
    objectRowsWritten: 2 * (2 * connects + 2 * follows),
    workerRequests: connects,
  });
}

/**
 * A screen's share of its hub's calls in a day around the clock. A batch with one record for the hub costs as much as one
 * with a hundred.
 */
function hubCallsADay({ devices, screensOfHub, fleet, eventsPerDeviceDay, recordsPerBatch }: Screen): number {
  const followed = Math.min(1, (devices * screensOfHub) / fleet);
  const batches = (fleet * eventsPerDeviceDay) / recordsPerBatch;
  return (batches * (1 - (1 - followed) ** recordsPerBatch)) / screensOfHub;
}

/** Calls of devices' objects for what the screen shows: with a screen or without one. */
export const mergesOf = ({ devices, eventsPerDeviceDay, hoursADay }: Screen): number =>
  devices * eventsPerDeviceDay * (hoursADay / 24) * DAYS_A_MONTH;

function priced(counts: Omit<ScreenCost, "dollars">): ScreenCost {
  const dollars =
    counts.objectRequests * PRICES.objectRequests +
    counts.objectRowsWritten * PRICES.objectRowsWritten +
    counts.workerRequests * PRICES.workerRequests;
  return { ...counts, dollars: dollars / 1e6 };
}
