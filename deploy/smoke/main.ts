/** `npm run smoke -- --url https://concord.example`: tries a platform as its users do. docs/deploy.md. */
import { runCommand } from "../command/run-command.ts";
import { targetFrom, USAGE } from "./options.ts";
import { smokeTest } from "./smoke.ts";
import type { SmokeStep } from "./target.ts";

const line = ({ name, ok, ms, problem }: SmokeStep): string =>
  `${ok ? "ok  " : "FAIL"} ${name} (${ms} ms)${problem === undefined ? "" : `\n     ${problem}`}`;

await runCommand(USAGE, async () => {
  const { json, ...target } = targetFrom(process.argv.slice(2), process.env);
  const report = await smokeTest(target, json ? undefined : (step) => console.log(line(step)));
  if (json) console.log(JSON.stringify(report));
  else console.log(report.ok ? `${target.url.origin} passed the smoke test.` : `${target.url.origin} failed it.`);
  return report.ok ? 0 : 1;
});
