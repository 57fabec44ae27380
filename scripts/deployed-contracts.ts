import * as z from "zod";
import type { Contract } from "#contracts/define.ts";
import type { JsonSchema } from "#contracts/describe.ts";
import { dataPath, memberAt } from "#contracts/envelope.ts";
import { casesOf } from "#contracts/evolution/cases.ts";
import { fits } from "#contracts/evolution/fits.ts";
import { type Judgement, judge } from "#contracts/evolution/judge.ts";
import { type ReleasedVersion, readBy, wholeValue } from "#contracts/evolution/release.ts";
import { CONTRACTS, findContract } from "#contracts/index.ts";
import { sameContent } from "#domain/register.ts";
import { readReleased } from "./released-contracts.ts";

/** What is read of each entry of `GET /contracts`, of this release of Concord or of an older one. */
const Deployed = z.object({
  topic: z.string(),
  version: z.int().min(1),
  aliases: z.array(z.object({ topic: z.string(), until: z.string() })).readonly(),
  tombstone: z.boolean(),
  example: z.record(z.string(), z.unknown()),
  schema: z.custom<JsonSchema>((schema) => typeof schema === "object" && schema !== null),
});
type Deployed = z.output<typeof Deployed>;

const TIMEOUT_MS = 10_000;

async function fetchContracts(url: string): Promise<Deployed[]> {
  const place = new URL("/contracts", url);
  const nothing = "Nothing was compared";
  const answer = await fetch(place, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((thrown: unknown) => {
    throw new Error(`${place} cannot be reached: ${thrown instanceof Error ? thrown.message : thrown}. ${nothing}.`);
  });
  if (!answer.ok) throw new Error(`${place} answered ${answer.status}. ${nothing}: is this the platform's front door?`);
  const read = z.array(Deployed).safeParse(await answer.json().catch(() => undefined));
  if (!read.success)
    throw new Error(`${place} is no list of contracts (${read.error.issues[0]?.message}). ${nothing}.`);
  return read.data;
}

/**
 * Each topic of a deployed platform compared with its contract of now. What its events did is known where this repository
 * has the release of the deployed version; of any other version only what would be refused can be told.
 * @throws Error that says why nothing was compared
 */
export async function judgeAgainst(url: string, todayMs: number) {
  const deployed = await fetchContracts(url);
  const judgements = deployed.map((each) => judgeDeployed(each, findContract(each.topic, todayMs), todayMs));
  const topics = new Set(deployed.map(({ topic }) => topic));
  return { judgements, added: CONTRACTS.map(({ topic }) => topic).filter((topic) => !topics.has(topic)) };
}

export function judgeDeployed(deployed: Deployed, contract: Contract | undefined, todayMs: number): Judgement {
  const { topic, version } = deployed;
  const path = dataPath(contract?.places);
  const schema = path.reduce<JsonSchema | undefined>((outer, name) => outer?.properties?.[name], deployed.schema);
  const released = readReleased(topic, version);
  // The words of a description may differ; what is accepted may not.
  const isReleased = released !== undefined && sameContent(released.schema, schema ?? null);
  const last = isReleased
    ? { ...released, aliases: deployed.aliases }
    : bySchemaAlone(deployed, contract, schema ?? {});
  const judgement = judge({ last, contract, todayMs });
  if (isReleased) return judgement;
  const why = `what its events did is not compared: version ${version}, as it is deployed, is no release of this repository`;
  return { ...judgement, notes: [...judgement.notes, why] };
}

/** Whether all that is wrong with a value is what only code can say, such as that a text has no control characters. */
function isRefusedByChecksAlone(contract: Contract, value: object): boolean {
  const { error } = contract.value.safeParse(value);
  return error?.issues.every(({ code }) => code === "custom") === true;
}

/** The deployed version as if each of its events had done what it does now, so that only refusals count. */
function bySchemaAlone(
  { topic, version, aliases, tombstone, example }: Deployed,
  contract: Contract | undefined,
  schema: JsonSchema,
): ReleasedVersion {
  const dataAt = dataPath(contract?.places);
  const about = { topic, version, aliases, isRefined: true, dataAt, example, schema };
  const events = casesOf(schema, memberAt(example, dataAt))
    .filter(({ data }) => fits(schema, data))
    .flatMap((each) => {
      const value = wholeValue(about, { ...each, change: {} });
      const read = contract && readBy(contract, value, version);
      // The deployed version may have the same check: its schema does not tell.
      if (contract && !read && isRefusedByChecksAlone(contract, value)) return [];
      return [{ ...each, change: read?.change ?? {}, kept: read?.data }];
    });
  const removal = contract?.tombstone ?? { registration: { kind: "removed" as const } };
  return { ...about, tombstone: tombstone ? removal : null, events };
}
