import { type ApolloClient, gql } from "@apollo/client";

export type DeviceItem = { readonly kind: string; readonly revision: number; readonly eventId: string | null };
export type NewsItem = { readonly kind: string; readonly cursor: string; readonly told: string | null };

/** What each subscription of a page got, in the order in which it came; and why one ended. */
export type Page = {
  readonly devices: ReadonlyMap<string, DeviceItem[]>;
  /** The same devices by one subscription of them all. */
  readonly together: ReadonlyMap<string, DeviceItem[]>;
  readonly dealers: ReadonlyMap<string, NewsItem[]>;
  /** The same dealers by one subscription of both. */
  readonly dealersTogether: ReadonlyMap<string, NewsItem[]>;
  readonly ends: unknown[];
  readonly close: () => void;
};

const DEVICE = gql`
  subscription PageDevice($key: String!, $afterRevision: Int) {
    deviceChanged(by: { key: $key }, afterRevision: $afterRevision) { kind deviceKey revision event { eventId } }
  }
`;
const DEVICES = gql`
  subscription PageDevices($keys: [String!]!, $after: String) {
    devicesChanged(keys: $keys, after: $after) { kind deviceKey revision event { eventId } }
  }
`;
const DEALER = gql`
  subscription PageDealer($dealerId: String!, $after: String) {
    dealerFeed(dealerId: $dealerId, after: $after) { kind dealerId cursor deviceKey occurredAt }
  }
`;
const DEALERS = gql`
  subscription PageDealers($dealerIds: [String!]!, $after: String) {
    dealersFeed(dealerIds: $dealerIds, after: $after) { kind dealerId cursor deviceKey occurredAt }
  }
`;

type Change = Omit<DeviceItem, "eventId"> & { deviceKey: string; event: { eventId: string } | null };
type News = Omit<NewsItem, "told"> & { dealerId: string; deviceKey: string | null; occurredAt: string | null };

const listsOf = <Item>(names: readonly string[]): Map<string, Item[]> => new Map(names.map((name) => [name, []]));

/** Opens a page that follows all of these devices and dealers, each by itself and all together, with one client. */
export function openPage(apollo: ApolloClient, keys: readonly string[], dealerIds: readonly string[]): Page {
  const [devices, together] = [listsOf<DeviceItem>(keys), listsOf<DeviceItem>(keys)];
  const [dealers, dealersTogether] = [listsOf<NewsItem>(dealerIds), listsOf<NewsItem>(dealerIds)];
  const ends: unknown[] = [];
  const subscribe = <Item>(query: typeof DEVICE, variables: Record<string, unknown>, take: (item: Item) => void) =>
    apollo.subscribe<Record<string, Item>>({ query, variables, fetchPolicy: "no-cache" }).subscribe({
      next: ({ data, error }) => {
        if (data) take(Object.values(data)[0] as Item);
        if (error) ends.push([variables, error]);
      },
      error: (reason) => ends.push([variables, reason]),
      complete: () => ends.push([variables, "completed"]),
    });
  const takeChange = (lists: Map<string, DeviceItem[]>) => (change: Change) => {
    const { kind, deviceKey, revision, event } = change;
    lists.get(deviceKey)?.push({ kind, revision, eventId: event?.eventId ?? null });
  };
  const takeNews = (lists: Map<string, NewsItem[]>) => (news: News) => {
    const { kind, dealerId, cursor, deviceKey, occurredAt } = news;
    lists.get(dealerId)?.push({ kind, cursor, told: deviceKey && `${deviceKey} ${occurredAt}` });
  };
  const subscriptions = [
    ...keys.map((key) => subscribe(DEVICE, { key }, takeChange(devices))),
    subscribe(DEVICES, { keys }, takeChange(together)),
    ...dealerIds.map((dealerId) => subscribe(DEALER, { dealerId }, takeNews(dealers))),
    subscribe(DEALERS, { dealerIds }, takeNews(dealersTogether)),
  ];
  return {
    devices,
    together,
    dealers,
    dealersTogether,
    ends,
    close: () => {
      for (const each of subscriptions) each.unsubscribe();
    },
  };
}
