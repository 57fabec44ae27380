import type { Given } from "./given.ts";
import { howToGive } from "./how-to-give.ts";
import { LEAVES, leafAt } from "./leaves.ts";

type AllGiven = ReadonlyMap<string, Given>;

/** What is wrong with settings that are right one by one. */
export function findConflicts(given: AllGiven): string[] {
  return [
    ...oneOf(given, ["credential", "token"], "credentials for Concord"),
    ...oneOf(given, ["brokers", "proxy.url"], "where records come from"),
    ...atMostOne(given, ["topics", "pattern"]),
    ...atMostOne(given, ["proxy.password", "proxy.token"]),
    ...atMostOne(given, ["schemaRegistry.password", "schemaRegistry.token"]),
    ...together(given, ["proxy.username", "proxy.password"]),
    ...together(given, ["schemaRegistry.username", "schemaRegistry.password"]),
    ...together(given, ["tls.cert", "tls.key"]),
    ...groupsWithout(given, "proxy.", "proxy.url"),
    ...groupsWithout(given, "schemaRegistry.", "schemaRegistry.url"),
    ...groupsWithout(given, "sasl.", "sasl.mechanism"),
    ...(given.has("proxy.url") ? ofBrokersOnly(given) : []),
    ...ofMechanism(given),
    ...isLess(given, "proxy.pollTimeoutMs", "proxy.callTimeoutMs"),
    ...isLess(given, "parcel.bytes", "bufferBytes"),
    ...credentialProblems(given),
  ];
}

const originOf = (given: AllGiven, name: string): string => given.get(name)?.origin ?? name;

function atMostOne(given: AllGiven, names: readonly string[]): string[] {
  const origins = names.filter((name) => given.has(name)).map((name) => `${name} (${originOf(given, name)})`);
  return origins.length > 1 ? [`${origins.join(" and ")} exclude each other. Remove one.`] : [];
}

function oneOf(given: AllGiven, names: readonly [string, string], what: string): string[] {
  if (names.some((name) => given.has(name))) return atMostOne(given, names);
  return [`${what}: none is given. ${names.map((name) => `${name}: ${howToGive(name)}`).join(" Or ")}`];
}

function together(given: AllGiven, names: readonly [string, string]): string[] {
  const [present, missing] = given.has(names[0]) ? names : names.toReversed();
  if (!present || !missing || !given.has(present) || given.has(missing)) return [];
  return [`${originOf(given, present)}: ${present} needs ${missing} beside it. ${howToGive(missing)}`];
}

/** Settings of a group that is not used would have no effect. */
function groupsWithout(given: AllGiven, prefix: string, required: string): string[] {
  if (given.has(required)) return [];
  const idle = LEAVES.filter(({ name }) => name.startsWith(prefix) && given.has(name));
  if (idle.length === 0) return [];
  const origins = idle.map(({ name }) => `${name} (${originOf(given, name)})`).join(", ");
  return [`${origins} without ${required} ${idle.length === 1 ? "has" : "have"} no effect. ${howToGive(required)}`];
}

function ofBrokersOnly(given: AllGiven): string[] {
  return LEAVES.filter(({ name }) => /^(tls\.|sasl\.|groupProtocol$)/.test(name) && given.has(name)).map(
    ({ name }) => `${originOf(given, name)}: ${name} is of brokers, and a proxy has its own. Remove it.`,
  );
}

const OF_PASSWORDS = ["sasl.username", "sasl.password"];
const OF_ENDPOINT = ["sasl.tokenUrl", "sasl.clientId", "sasl.clientSecret"];

function ofMechanism(given: AllGiven): string[] {
  const mechanism = given.get("sasl.mechanism")?.value;
  if (mechanism === undefined) return [];
  const isMissing = (name: string) => !given.has(name);
  const needs = (name: string) => `sasl.mechanism ${mechanism} needs ${name}. ${howToGive(name)}`;
  if (mechanism !== "OAUTHBEARER") {
    const foreign = ["sasl.token", ...OF_ENDPOINT, "sasl.scope"].filter((name) => given.has(name));
    return [
      ...OF_PASSWORDS.filter(isMissing).map(needs),
      ...foreign.map((name) => `${originOf(given, name)}: ${name} is of OAUTHBEARER. Remove it.`),
    ];
  }
  const foreign = OF_PASSWORDS.filter((name) => given.has(name)).map(
    (name) => `${originOf(given, name)}: ${name} is of PLAIN and SCRAM. Remove it.`,
  );
  if (given.has("sasl.token")) return [...foreign, ...atMostOne(given, ["sasl.token", "sasl.tokenUrl"])];
  if (OF_ENDPOINT.every(isMissing))
    return [...foreign, `sasl.mechanism OAUTHBEARER needs sasl.token, or ${OF_ENDPOINT.join(", ")}.`];
  return [...foreign, ...OF_ENDPOINT.filter(isMissing).map(needs)];
}

function isLess(given: AllGiven, smaller: string, greater: string): string[] {
  const [low, high] = [smaller, greater].map((name) => given.get(name)?.value ?? leafAt(name).default);
  if (typeof low !== "number" || typeof high !== "number" || low <= high) return [];
  const origin = originOf(given, given.has(smaller) ? smaller : greater);
  return [`${origin}: ${smaller} (${low}) must not be above ${greater} (${high})`];
}

/** What `fetch` would refuse as a header, or the boundary as a credential. */
function credentialProblems(given: AllGiven): string[] {
  const secretAt = (name: string) => given.get(name)?.value as (() => string) | undefined;
  const credential = secretAt("credential")?.();
  const isCredential = credential === undefined || /^[\x21-\x7e]+:[\x21-\x7e]+$/.test(credential);
  const bad = ["token", "proxy.token", "schemaRegistry.token"].filter(
    (name) => !/^[\x21-\x7e]*$/.test(secretAt(name)?.() ?? ""),
  );
  return [
    ...(isCredential ? [] : [`${originOf(given, "credential")}: credential must be id:secret`]),
    ...bad.map((name) => `${originOf(given, name)}: ${name} holds spaces or other characters that no token has`),
  ];
}
