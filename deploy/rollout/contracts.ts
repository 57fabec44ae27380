import { judgeAgainst } from "../../scripts/deployed-contracts.ts";

/** How the contracts here are, beside those of the deployed platform. */
export type ContractReport = { readonly line: string; readonly problems: readonly string[] };

/** A platform that cannot be reached, or is not deployed yet, is told and stops nothing. */
export async function compareContracts(url: URL | undefined): Promise<ContractReport> {
  if (!url) return { line: "not compared: nothing is deployed yet", problems: [] };
  try {
    const { judgements, added } = await judgeAgainst(url.href, Date.now());
    const problems = judgements.flatMap(({ topic, problems }) => problems.map((problem) => `${topic}: ${problem}`));
    const news = added.length === 0 ? "" : `, ${added.length} new`;
    const line =
      problems.length === 0 ? `${judgements.length} topics are deployed${news}; none breaks` : "BREAK what is deployed";
    return { line, problems };
  } catch (thrown) {
    return { line: `not compared: ${thrown instanceof Error ? thrown.message : thrown}`, problems: [] };
  }
}
