import type { Followed } from "#objects/hub.ts";
import type { LiveTarget } from "#objects/item.ts";
import { parsePosition, positionOf } from "#objects/position.ts";

/** Whether a target names a list of objects, whose items have one cursor for all of them. */
export const isMany = ({ kind }: LiveTarget): boolean => kind === "devices" || kind === "dealers";

/** The objects of a target, in the order of its list. */
export function objectsOf(target: LiveTarget): readonly Followed[] {
  switch (target.kind) {
    case "device":
      return [{ kind: "device", deviceKey: target.deviceKey }];
    case "dealer":
      return [{ kind: "dealer", dealerId: target.dealerId }];
    case "devices":
      return target.deviceKeys.map((deviceKey) => ({ kind: "device", deviceKey }));
    case "dealers":
      return target.dealerIds.map((dealerId) => ({ kind: "dealer", dealerId }));
    default:
      return target satisfies never;
  }
}

/** Where to begin in each object; `undefined` if `after` is of another list. */
export function cursorsOf(target: LiveTarget): readonly (string | null)[] | undefined {
  const { after } = target;
  if (target.kind === "device" || target.kind === "dealer") return [after];
  const keys = keysOf(target);
  return after === null ? keys.map(() => null) : parsePosition(after, keys);
}

/** The cursor of an item: of its object, or of a list in all of its objects. */
export const cursorAt = (target: LiveTarget, cursors: readonly (string | null)[]): string =>
  isMany(target) ? positionOf(keysOf(target), cursors) : (cursors[0] ?? "");

function keysOf(target: LiveTarget): readonly string[] {
  return objectsOf(target).map((followed) => (followed.kind === "device" ? followed.deviceKey : followed.dealerId));
}
