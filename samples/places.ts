import { DAY_MS, HOUR_MS, isSummerTime } from "./calendar.ts";

export type City = {
  readonly country: string;
  readonly region: string;
  readonly city: string;
  readonly postalCode: string;
  readonly timeZone: string;
  readonly latitude: number;
  readonly longitude: number;
  /** Hours from UTC in winter. Arizona keeps them in summer. */
  readonly winterOffsetHours: number;
  /** Mean temperature of the year, and how far January and July are from it, in degrees Celsius. */
  readonly meanC: number;
  readonly swingC: number;
};

type Row = [region: string, city: string, postalCode: string, zone: keyof typeof ZONES, lat: number, lon: number];
type Climate = [meanC: number, swingC: number];

const ZONES = {
  "America/New_York": -5,
  "America/Toronto": -5,
  "America/Chicago": -6,
  "America/Winnipeg": -6,
  "America/Denver": -7,
  "America/Phoenix": -7,
} as const;

const cityOf =
  (country: string) =>
  ([region, city, postalCode, timeZone, latitude, longitude]: Row, [meanC, swingC]: Climate): City => {
    const winterOffsetHours = ZONES[timeZone];
    return { country, region, city, postalCode, timeZone, latitude, longitude, winterOffsetHours, meanC, swingC };
  };

const us = cityOf("US");
const canada = cityOf("CA");

export const CITIES: readonly City[] = [
  us(["Minnesota", "Duluth", "55802", "America/Chicago", 46.78, -92.1], [4, 16]),
  us(["Minnesota", "Minneapolis", "55401", "America/Chicago", 44.98, -93.27], [8, 16]),
  us(["Minnesota", "Rochester", "55901", "America/Chicago", 44.02, -92.46], [7, 16]),
  us(["Texas", "Austin", "78701", "America/Chicago", 30.27, -97.74], [20, 10]),
  us(["Texas", "Dallas", "75201", "America/Chicago", 32.78, -96.8], [19, 11]),
  us(["Texas", "Houston", "77002", "America/Chicago", 29.76, -95.37], [21, 9]),
  us(["Massachusetts", "Boston", "02108", "America/New_York", 42.36, -71.06], [11, 13]),
  us(["New York", "Buffalo", "14202", "America/New_York", 42.89, -78.88], [9, 13]),
  us(["Arizona", "Phoenix", "85004", "America/Phoenix", 33.45, -112.07], [24, 11]),
  us(["Colorado", "Denver", "80202", "America/Denver", 39.74, -104.99], [10, 12]),
  canada(["Ontario", "Toronto", "M5H 2N2", "America/Toronto", 43.65, -79.38], [9, 13]),
  canada(["Ontario", "Ottawa", "K1P 1J1", "America/Toronto", 45.42, -75.69], [7, 16]),
  canada(["Manitoba", "Winnipeg", "R3C 1A3", "America/Winnipeg", 49.9, -97.14], [3, 19]),
];

export function offsetMinutesOf({ timeZone, winterOffsetHours }: City, ms: number): number {
  const summer = isSummerTime(ms) && timeZone !== "America/Phoenix" ? 1 : 0;
  return (winterOffsetHours + summer) * 60;
}

/** The usual temperature there at that time: coldest late in January before dawn, warmest in July after noon. */
export function usualOutdoorC(city: City, ms: number): number {
  const dayOfYear = ((ms - Date.UTC(2026, 0, 1)) / DAY_MS + 365) % 365;
  const localHour = (ms / HOUR_MS + city.winterOffsetHours + 48) % 24;
  const season = -Math.cos((2 * Math.PI * (dayOfYear - 20)) / 365);
  const hour = -Math.cos((2 * Math.PI * (localHour - 4)) / 24);
  return city.meanC + city.swingC * season + 4 * hour;
}
