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
import { MAX_PAGE_SIZE } from "#repositories/page.ts";
import { validationErrors } from "../one-of.ts";
import { type Budget, budgetSpent, pointsOf, type Spend, type Spending } from "./budget.ts";
import { type Demand, measureDemand } from "./demand.ts";

/** Tokens of a document, counted as it is parsed. A screen's query has some hundred. */
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

/** One error for each limit that a demand exceeds, with the limit, what was asked and what is allowed. */
export const findExcesses = (demand: Demand): GraphQLError[] =>
  (Object.keys(NAMES) as (keyof Demand)[])
    .filter((limit) => demand[limit] > LIMITS[limit])
    .map((limit) => {
      const [asked, allowed] = [demand[limit], LIMITS[limit]];
      const message = `The operation's ${NAMES[limit]} is ${asked}, over the limit of ${allowed}. It was not executed: ask for less at once.`;
      return new GraphQLError(message, { extensions: { ...REFUSED, code: "COST_LIMIT", limit, asked, allowed } });
    });

/** 400 for what is not executed, as GraphQL over HTTP requires; 200 to clients that accept `application/json` only. */
const REFUSED = { http: { spec: true, status: 400 } };

export type Admission<Args = ValidatedExecutionArgs> =
  | { readonly ok: true; readonly args: Args; readonly cost: number }
  | { readonly ok: false; readonly result: ExecutionResult };

/** Whether an operation may run. Nothing is read for this. The errors of an invalid operation are its answer. */
export function admit(args: ExecutionArgs): Admission {
  const validated = validateExecutionArgs(args);
  if (!("schema" in validated)) return { ok: false, result: { errors: validationErrors(validated).map(badInput) } };
  const demand = measureDemand(validated);
  const errors = findExcesses(demand);
  if (errors.length > 0) return { ok: false, result: withCost({ errors }, demand.cost) };
  return { ok: true, args: validated, cost: demand.cost };
}

const badInput = ({ message, nodes }: GraphQLError): GraphQLError =>
  new GraphQLError(message, { nodes, extensions: { ...REFUSED, code: "BAD_USER_INPUT" } });

/** graphql-js's `execute` for operations within the limits and the budget. The answer has the operation's cost. */
export async function executeWithinLimits(args: ExecutionArgs, spend?: Spend): Promise<ExecutionResult> {
  const admission = admit(args);
  if (!admission.ok) return admission.result;
  const spending = await spend?.(pointsOf(admission.cost));
  const result =
    spending?.ok === false ? refusal(admission.cost, spending) : await executeRootSelectionSet(admission.args);
  return withCost(result, admission.cost, spending?.budget);
}

/** The answer to what costs more than is left. */
export const refusal = (cost: number, { budget }: Spending): ExecutionResult =>
  withCost({ errors: [budgetSpent(cost, budget)] }, cost, budget);

/** The same for a subscription, whose limits apply to each of its items. */
export function admitSubscription(args: ExecutionArgs): Admission<ValidatedSubscriptionArgs> {
  const admission = admit(args);
  if (!admission.ok) return admission;
  const validated = validateSubscriptionArgs(args);
  return "schema" in validated
    ? { ok: true, args: validated, cost: admission.cost }
    : { ok: false, result: { errors: validationErrors(validated).map(badInput) } };
}

const withCost = (result: ExecutionResult, cost: number, budget?: Budget): ExecutionResult => ({
  ...result,
  extensions: { ...result.extensions, concord: { cost, ...(budget && { budget }) } },
});
