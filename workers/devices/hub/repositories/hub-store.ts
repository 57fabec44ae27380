import type { Followed, ScopeKey } from "#objects/hub.ts";
import type { LiveTarget } from "#objects/item.ts";
import { watchId } from "#repositories/watch.ts";
import type { Query } from "../../live/queries.ts";
import { objectsOf } from "../target.ts";

/** An authenticated socket. `name` is its tag. */
export type HubSocket = {
  readonly name: string;
  readonly caller: string;
  readonly address: string;
  readonly expiresAtMs: number;
};

/** What never changes of a subscription. Where it is in each of its objects is in its socket's attachment. */
export type HubSubscription = {
  readonly socket: string;
  /** Of the subscriptions of its socket; none is used twice. */
  readonly number: number;
  /** The client's own. */
  readonly id: string;
  readonly target: LiveTarget;
  /** `null` for a Worker, which executes queries itself. */
  readonly query: Query | null;
  readonly scopeKey: ScopeKey;
};

/** A subscription's follow of one of its objects, the one at `place` in its list. */
export type Follow = HubSubscription & { readonly followed: Followed; readonly place: number };

/** An object, and the scopes with which it is followed. */
export type Scopes = { readonly followed: Followed; readonly scopeKey: ScopeKey };

const TABLES = `
  CREATE TABLE IF NOT EXISTS sockets (
    name TEXT PRIMARY KEY, caller TEXT NOT NULL, address TEXT NOT NULL, expires_at_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS subscriptions (
    socket TEXT NOT NULL, number INTEGER NOT NULL, id TEXT NOT NULL, target TEXT NOT NULL, query TEXT NOT NULL,
    scope_key TEXT NOT NULL, PRIMARY KEY (socket, number)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS follows (
    object TEXT NOT NULL, socket TEXT NOT NULL, number INTEGER NOT NULL, place INTEGER NOT NULL, scope_key TEXT NOT NULL,
    PRIMARY KEY (object, socket, number)
  ) WITHOUT ROWID;`;

type Row = { socket: string; number: number; id: string; target: string; query: string; scope_key: ScopeKey };

/**
 * A hub's tables: who is connected, and what each subscribes to. They are written when a socket or a subscription begins
 * and ends, and never for what is delivered. A hub that wakes reads only what an offer is about.
 */
export class HubStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(TABLES);
  }

  addSocket({ name, caller, address, expiresAtMs }: HubSocket): void {
    this.#sql.exec("INSERT OR REPLACE INTO sockets VALUES (?, ?, ?, ?)", name, caller, address, expiresAtMs);
  }

  /** The authenticated sockets in all, and of a caller and an address. */
  countSockets({ caller, address }: Pick<HubSocket, "caller" | "address">) {
    return this.#sql
      .exec<{ all: number; ofCaller: number; ofAddress: number }>(
        `SELECT count(*) AS "all", count(*) FILTER (WHERE caller = ?) AS ofCaller,
           count(*) FILTER (WHERE address = ?) AS ofAddress FROM sockets`,
        caller,
        address,
      )
      .one();
  }

  /** When the next token expires; `null` without sockets. */
  nextExpiryMs(): number | null {
    return this.#sql.exec<{ next: number | null }>("SELECT min(expires_at_ms) AS next FROM sockets").one().next;
  }

  socketNames(): string[] {
    return this.#sql
      .exec<{ name: string }>("SELECT name FROM sockets UNION SELECT socket FROM subscriptions")
      .toArray()
      .map(({ name }) => name);
  }

  /** @returns what nothing else may follow any more */
  removeSocket(name: string): Scopes[] {
    const left = this.subscriptionsOf(name).flatMap((subscription) => this.remove(subscription));
    this.#sql.exec("DELETE FROM sockets WHERE name = ?", name);
    return left;
  }

  add({ socket, number, id, target, query, scopeKey }: HubSubscription): void {
    this.#sql.exec(
      "INSERT INTO subscriptions VALUES (?, ?, ?, ?, ?, ?)",
      ...[socket, number, id, JSON.stringify(target), JSON.stringify(query), scopeKey],
    );
    objectsOf(target).forEach((followed, place) => {
      this.#sql.exec("INSERT INTO follows VALUES (?, ?, ?, ?, ?)", watchId(followed), socket, number, place, scopeKey);
    });
  }

  /** @returns what nothing else may follow any more */
  remove({ socket, number, target, scopeKey }: HubSubscription): Scopes[] {
    this.#sql.exec("DELETE FROM subscriptions WHERE socket = ? AND number = ?", socket, number);
    return objectsOf(target).map((followed) => {
      this.#removeFollow(followed, socket, number);
      return { followed, scopeKey };
    });
  }

  /** A subscription goes on without one of its objects. */
  removeFollow({ followed, socket, number }: Follow): void {
    this.#removeFollow(followed, socket, number);
  }

  #removeFollow(followed: Followed, socket: string, number: number): void {
    this.#sql.exec(
      "DELETE FROM follows WHERE object = ? AND socket = ? AND number = ?",
      watchId(followed),
      socket,
      number,
    );
  }

  subscriptionsOf(socket: string): HubSubscription[] {
    return this.#sql
      .exec<Row>("SELECT * FROM subscriptions WHERE socket = ? ORDER BY number", socket)
      .toArray()
      .map(toSubscription);
  }

  /** What follows an object, in the order of sockets. */
  followsOf(followed: Followed): Follow[] {
    return this.#sql
      .exec<Row & { place: number }>(
        "SELECT s.*, f.place FROM follows f JOIN subscriptions s USING (socket, number) WHERE f.object = ?",
        watchId(followed),
      )
      .toArray()
      .map((row) => ({ ...toSubscription(row), place: row.place, followed }));
  }

  scopeKeysOf(followed: Followed): Set<ScopeKey> {
    const rows = this.#sql.exec<{ scope_key: ScopeKey }>(
      "SELECT DISTINCT scope_key FROM follows WHERE object = ?",
      watchId(followed),
    );
    return new Set(rows.toArray().map(({ scope_key }) => scope_key));
  }

  /** The hashes of the documents of all subscriptions. */
  documents(): Set<string> {
    const rows = this.#sql.exec<{ document: string | null }>(
      "SELECT DISTINCT query->>'document' AS document FROM subscriptions",
    );
    return new Set(rows.toArray().flatMap(({ document }) => document ?? []));
  }
}

const toSubscription = ({ socket, number, id, target, query, scope_key }: Row): HubSubscription => ({
  socket,
  number,
  id,
  target: JSON.parse(target) as LiveTarget,
  query: JSON.parse(query) as Query | null,
  scopeKey: scope_key,
});
