import { parseArgs } from "node:util";
import type { AnyInput, Description, Options } from "./command.ts";
import { HELP_OPTION, usageLine } from "./help.ts";
import { nearest } from "./nearest.ts";
import { UsageError } from "./usage-error.ts";

/**
 * Reads the arguments of a call as its command describes them.
 * @param name the command's whole name: `concord dlq list`
 * @throws UsageError naming what is unknown, missing or too much. It repeats no option's value, which may be secret.
 */
export function parseInput(description: Description, args: readonly string[], name: string): AnyInput {
  const { arguments: expected = {}, options = {} } = description;
  const help = `\`${name} --help\``;
  const input: Record<string, string | boolean | string[]> = {};
  const given: string[] = [];
  for (const token of tokenize(args, options)) {
    if (token.kind === "positional") given.push(token.value);
    if (token.kind !== "option") continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (!option) throw unknownOption(token.rawName, options, help);
    if (option.value === undefined) {
      if (token.value !== undefined) throw new UsageError(`${token.rawName} takes no value`);
      input[token.name] = true;
      continue;
    }
    // A forgotten value would make the next option the value of this one.
    if (token.value === undefined || (!token.inlineValue && /^-./.test(token.value)))
      throw new UsageError(
        `${token.rawName} needs a value: ${token.rawName} <${option.value}>; one that begins with a dash is given as ${token.rawName}=-…`,
      );
    if (option.repeats) input[token.name] = [...((input[token.name] as string[] | undefined) ?? []), token.value];
    else if (Object.hasOwn(input, token.name))
      throw new UsageError(`${token.rawName} is given twice, and takes one value`);
    else input[token.name] = token.value;
  }
  const names = Object.keys(expected);
  const missing = names.find((each, i) => !expected[each]?.optional && !given[i]);
  if (missing !== undefined) throw new UsageError(`<${missing}> is missing. Usage: ${usageLine(name, description)}`);
  const unexpected = given.slice(names.length);
  if (unexpected.length > 0)
    throw new UsageError(`unexpected argument: ${unexpected.join(" ")}. Usage: ${usageLine(name, description)}`);
  // An empty variable of a script is no argument.
  return { ...input, ...Object.fromEntries(names.map((each, i) => [each, given[i] || undefined])) };
}

/** Not strict, since Node's own errors name neither the command nor a similar option. */
function tokenize(args: readonly string[], options: Options) {
  const known = Object.fromEntries(
    Object.entries(options).map(([name, { value }]) => [
      name,
      { type: value === undefined ? ("boolean" as const) : ("string" as const) },
    ]),
  );
  return parseArgs({ args: [...args], options: known, strict: false, allowPositionals: true, tokens: true }).tokens;
}

function unknownOption(rawName: string, options: Options, help: string): UsageError {
  const similar = nearest(rawName.replace(/^-+/, ""), [...Object.keys(options), HELP_OPTION]);
  return new UsageError(
    `there is no option ${rawName}. ${similar === undefined ? "" : `Did you mean --${similar}? `}${help} lists the options.`,
  );
}
