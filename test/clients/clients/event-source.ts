import { EventSource } from "eventsource";
import { expect, vi } from "vitest";
import { type ClientUnderTest, lacks } from "../client.ts";
import { FEATURES, type Feature } from "../features.ts";
import { begun, follow, follows, SOON, type Subscribe } from "../following.ts";
import type { Stand } from "../stand.ts";
import { listen, ticketFor } from "../tickets.ts";

type Told = { url: string; lastEventId: string };

/** Opens streams in turn: each of them by a ticket of its own, behind the last event of the one before. */
const opening =
  ({ graphqlUrl }: Stand, token: string, told: Told): Subscribe =>
  (name, variables, { next, failed }) => {
    const source = ticketFor(graphqlUrl, token, [name, variables], told.lastEventId).then((url) => {
      told.url = url;
      const show = (data: unknown, lastEventId: string) => {
        told.lastEventId = lastEventId;
        next(data);
      };
      return listen(new EventSource(url), show, failed);
    });
    source.catch(failed);
    return () => void source.then((each) => each.close());
  };

const nothingTold = (): Told => ({ url: "", lastEventId: "" });

type Streams = "eventStream" | "resume";
const STREAMS: readonly Feature[] = ["eventStream", "resume"] satisfies Streams[];
const OTHERS = (Object.keys(FEATURES) as Feature[]).filter((each) => !STREAMS.includes(each)) as Exclude<
  Feature,
  Streams
>[];

export default {
  name: "EventSource",
  packages: ["eventsource"],
  cells: {
    ...lacks("it opens streams only", ...OTHERS),

    eventStream: {
      works: "by a ticket, since it can send no token",
      show: async (stand) => {
        const told = nothingTold();
        await follows(stand, opening(stand, await stand.token(), told));
        // The ticket is used, whoever has read its URL.
        const failed = vi.fn();
        const again = listen(new EventSource(told.url), expect.unreachable, failed);
        await vi.waitFor(() => expect(failed).toHaveBeenCalled(), SOON);
        again.close();
      },
    },

    resume: {
      works: "by another ticket, which `Last-Event-ID` is sent for: each change once",
      show: async (stand) => {
        const device = stand.device();
        const told = nothingTold();
        const subscribe = opening(stand, await stand.token(), told);
        const first = follow(subscribe, device);
        await begun(first);
        first.stop();
        await stand.report(device.deviceId);
        await stand.report(device.deviceId);
        const second = follow(subscribe, device);
        await vi.waitFor(() => expect(second.changes).toHaveLength(2), SOON);
        const seen = first.changes.at(-1)?.revision ?? 0;
        expect(second.changes.map(({ kind, revision }) => [kind, revision])).toEqual([
          ["EVENT", seen + 1],
          ["EVENT", seen + 2],
        ]);
        second.stop();
      },
    },
  },
} satisfies ClientUnderTest as ClientUnderTest;
