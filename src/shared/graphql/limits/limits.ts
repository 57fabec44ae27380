import {
  type ExecutionArgs,
  type ExecutionResult,
  executeRootSelectionSet,
  GraphQLError,
  type ValidatedExecutionArgs,
  type ValidatedSubscriptionArgs,
  validateExecutionArgs,
  validateSubscriptionArgs,
} from "graphql";
import { MAX_PAGE_SIZE } from "../../repositories/page.ts";
import { type Demand, demandOf } from "./demand.ts";

/** Of a document, counted as it is parsed. A screen's query has some hundred. */
export const MAX_TOKENS = 1_000;

/** What one operation may ask for. Ours: a page of 100 devices with 20 alerts each costs 4,301. */
export const LIMITS: Demand = {
  depth: 12,
  aliases: 15,
  rootFields: 20,
  pageSize: MAX_PAGE_SIZE,
  cost: 5_000,
};

const NAMES: { readonly [limit in keyof Demand]: string } = {
  depth: "depth",
  aliases: "number of aliases",
  rootFields: "number of root fields",
  pageSize: "page size",
  cost: "cost",
};

/** One error for each limit that a demand exceeds, saying which, what was asked and what is allowed. */
export const excessesOf = (demand: Demand): GraphQLError[] =>
  (Object.keys(NAMES) as (keyof Demand)[])
    .filter((limit) => demand[limit] > LIMITS[limit])
    .map((limit) => {
      const [asked, allowed] = [demand[limit], LIMITS[limit]];
      const message = `This operation's ${NAMES[limit]} is ${asked}; at most ${allowed} is allowed. Ask for less at once.`;
      return new GraphQLError(message, { extensions: { ...REFUSED, code: "COST_LIMIT", limit, asked, allowed } });
    });

/** 400, as GraphQL over HTTP has it for what is not executed, and 200 to clients that accept `application/json` only. */
const REFUSED = { http: { spec: true, status: 400 } };

export type Admission<Args = ValidatedExecutionArgs> =
  | { readonly ok: true; readonly args: Args; readonly cost: number }
  | { readonly ok: false; readonly result: ExecutionResult };

/** Whether an operation may run. Nothing is read for it, and what is wrong with the operation is the answer to it. */
export function admit(args: ExecutionArgs): Admission {
  const validated = validateExecutionArgs(args);
  if (!("schema" in validated)) return { ok: false, result: { errors: validated.map(badInput) } };
  const demand = demandOf(validated);
  const errors = excessesOf(demand);
  if (errors.length > 0) return { ok: false, result: withCost({ errors }, demand.cost) };
  return { ok: true, args: validated, cost: demand.cost };
}

const badInput = ({ message, nodes }: GraphQLError): GraphQLError =>
  new GraphQLError(message, { nodes, extensions: { ...REFUSED, code: "BAD_USER_INPUT" } });

/** graphql-js's `execute` for what is within the limits. Its answer tells what it cost. */
export async function executeWithinLimits(args: ExecutionArgs): Promise<ExecutionResult> {
  const admission = admit(args);
  return admission.ok ? withCost(await executeRootSelectionSet(admission.args), admission.cost) : admission.result;
}

/** The same for a subscription, whose limits are those of each of its items. */
export function admitSubscription(args: ExecutionArgs): Admission<ValidatedSubscriptionArgs> {
  const admission = admit(args);
  if (!admission.ok) return admission;
  const validated = validateSubscriptionArgs(args);
  return "schema" in validated
    ? { ok: true, args: validated, cost: admission.cost }
    : { ok: false, result: { errors: validated.map(badInput) } };
}

const withCost = (result: ExecutionResult, cost: number): ExecutionResult => ({
  ...result,
  extensions: { ...result.extensions, concord: { cost } },
});
