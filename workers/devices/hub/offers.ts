import type { Followed, Offer } from "#objects/hub.ts";
import { describeFault, log } from "#telemetry/log.ts";
import type { Deliveries, Round } from "../live/deliveries.ts";
import { CLOSINGS } from "../live/protocol.ts";
import { close } from "../live/send.ts";
import type { Following } from "./following.ts";
import { OVER, type Places, STARTING } from "./places.ts";
import type { Progress } from "./progress.ts";
import type { Follow, HubStore } from "./repositories/hub-store.ts";

type OffersDeps = {
  readonly store: HubStore;
  readonly places: Places;
  readonly following: Following;
  readonly progress: Progress;
  readonly deliveries: Deliveries;
  /** Begins a follow again whose hub was reset before the object had answered. */
  readonly restart: (follow: Follow) => Promise<void>;
};

/** What objects offer to a hub. Offers may be lost, repeated and late: each subscription has a cursor. */
export class Offers {
  readonly #deps: OffersDeps;

  constructor(deps: OffersDeps) {
    this.#deps = deps;
  }

  /** Takes offers. They are delivered after what is under way for the same objects. */
  take(offers: readonly Offer[]): void {
    const round = this.#deps.deliveries.newRound();
    for (const offer of offers) this.#deps.following.inTurn(offer.followed, () => this.#take(offer, round));
  }

  /**
   * A subscription at the offer's beginning gets what is offered, and one at its end has it. Any other has missed an offer,
   * or got a later one, or its object was set back: the object says what comes after its cursor.
   */
  async #take({ followed, from, to, pulls }: Offer, round: Round): Promise<void> {
    const { store, places, following, progress, restart } = this.#deps;
    const behind: Follow[] = [];
    const orphans = new Set<string>();
    for (const follow of store.followsOf(followed)) {
      const place = places.of(follow)?.[follow.place];
      if (place === undefined) orphans.add(follow.socket);
      else if (place === STARTING) await restart(follow);
      else if (place !== OVER && place !== to) {
        const offered = place === from && pulls.find(({ scopeKey }) => scopeKey === follow.scopeKey);
        if (offered) progress.advance(follow, offered.pull, round);
        else behind.push(follow);
      }
    }
    await this.#catchUp(followed, behind, round);
    for (const socket of orphans) if (!places.socketOf(socket)) following.release(store.removeSocket(socket));
    // What nobody wants is offered because the hub could not say so, or was reset.
    await following.releaseNow(
      followed,
      pulls.map(({ scopeKey }) => scopeKey),
    );
  }

  async #catchUp(followed: Followed, behind: readonly Follow[], round: Round): Promise<void> {
    if (behind.length === 0) return;
    const { places, following, progress } = this.#deps;
    const positions = Map.groupBy(behind, (follow) =>
      JSON.stringify([follow.scopeKey, places.of(follow)?.[follow.place] ?? ""]),
    );
    const asked = [...positions.keys()].map((text) => {
      const [scopeKey, cursor] = JSON.parse(text) as [string, string];
      return { scopeKey, cursor };
    });
    try {
      const pulls = await following.pullSince(followed, asked);
      for (const [i, follows] of [...positions.values()].entries()) {
        const pull = pulls[i];
        if (pull) for (const follow of follows) progress.advance(follow, pull, round);
      }
    } catch (thrown) {
      // Later items would leave a gap; the clients reconnect and resume from their cursors.
      log("warn", "live.not_caught_up", { sockets: behind.length, ...describeFault(thrown) });
      for (const { socket: name } of behind) {
        const socket = places.socketOf(name);
        if (socket) close(socket, CLOSINGS.tryAgain);
      }
    }
  }
}
