import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  executeSubscriptionEvent,
  GraphQLError,
  mapSourceToResponseEvent,
  type ValidatedSubscriptionArgs,
} from "graphql";
import type { LiveItem, LiveTarget, OpenLive } from "#objects/item.ts";
import type { Context } from "./context.ts";
import { maskError } from "./errors.ts";
import { pointsOf, type Spend } from "./limits/budget.ts";
import { admitSubscription, refusal } from "./limits/limits.ts";

/** A subscription's result for one item. Its fields are read at least as fresh as the item, and its cursor is added. */
export async function executeItem(args: ValidatedSubscriptionArgs, item: LiveItem): Promise<ExecutionResult> {
  const { cursor, consistencyToken } = item;
  const contextValue = (args.contextValue as Pick<Context, "at">).at(consistencyToken);
  const { data, errors } = await executeSubscriptionEvent({ ...args, rootValue: item, contextValue });
  return {
    ...(errors && { errors: errors.map((error) => maskError(error) as GraphQLError) }),
    ...(data !== undefined && { data }),
    extensions: { concord: { cursor, consistencyToken } },
  };
}

/** graphql-js's `subscribe` for operations within the limits, with a context of its own for each item. */
export async function subscribeWithinLimits(
  args: ExecutionArgs,
  spend?: Spend,
): Promise<AsyncIterable<ExecutionResult> | ExecutionResult> {
  const admission = admitSubscription(args);
  if (!admission.ok) return admission.result;
  const spending = await spend?.(pointsOf(admission.cost));
  if (spending?.ok === false) return refusal(admission.cost, spending);
  const source = await createSourceEventStream(admission.args);
  if (!(Symbol.asyncIterator in source)) return source;
  return mapSourceToResponseEvent(admission.args, source, (event) => executeItem(event, event.rootValue as LiveItem));
}

/** The resolver and the arguments of a subscription's one field, or the operation's errors. */
export async function findTarget(
  args: ValidatedSubscriptionArgs,
): Promise<
  { readonly ok: true; readonly target: LiveTarget } | { readonly ok: false; readonly errors: readonly GraphQLError[] }
> {
  let target: LiveTarget | undefined;
  const live: OpenLive = async (asked) => {
    target = asked;
    return NOTHING;
  };
  const answer = await createSourceEventStream({ ...args, contextValue: { live } });
  if (target) return { ok: true, target };
  const errors = "errors" in answer ? answer.errors : undefined;
  return {
    ok: false,
    errors: errors ?? [
      new GraphQLError("The operation is not a subscription. Send queries and mutations to /graphql by HTTP."),
    ],
  };
}

const NOTHING: AsyncIterable<LiveItem> = {
  [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
};
