import { type Answer, apiError, json, refused, said } from "./answer.ts";
import type { Call } from "./call.ts";
import { migrationFiles, readConfig } from "./config.ts";
import { nextId, type State, type StoredDatabase } from "./state.ts";

export const whoAmI = (state: State): Answer =>
  state.isLoggedIn
    ? json({ loggedIn: true, authType: "OAuth Token", email: "a@example.com", accounts: state.accounts })
    : { status: 1, stdout: `${JSON.stringify({ loggedIn: false })}\n`, stderr: "" };

export const authToken = (state: State): Answer =>
  state.isLoggedIn
    ? json({ type: "oauth", token: "the-token-of-the-login" })
    : refused("Not logged in. Please run `wrangler login` to authenticate.");

export const listDatabases = ({ databases }: State): Answer =>
  json(databases.map(({ uuid, name }) => ({ uuid, name, version: "production", num_tables: null })));

export function createDatabase(state: State, { positionals: [name = ""], flags }: Call): Answer {
  if (state.databases.some((each) => each.name === name)) {
    apiError("/accounts/x/d1/database", `A database with the name '${name}' already exists`, 7502);
  }
  state.databases.push({
    ...{ uuid: nextId(state), name, location: flags.location, jurisdiction: flags.jurisdiction },
    ...{ replication: "disabled", tables: [], migrations: [] },
  });
  return said(
    `✅ Successfully created DB '${name}' using primary location hint ${flags.location}\nCreated your new D1 database.`,
  );
}

function databaseOf(state: State, { positionals: [name = ""] }: Call): StoredDatabase {
  return state.databases.find((each) => each.name === name) ?? refused(`Couldn't find DB with name '${name}'`);
}

export function executeSql(state: State, call: Call): Answer {
  const { tables } = databaseOf(state, call);
  const results = [...tables, "_cf_KV"].map((name) => ({ name }));
  return json([{ results, success: true, meta: { duration: 1 } }]);
}

function unapplied(state: State, call: Call): string[] {
  const { flags, positionals } = call;
  const config = readConfig(flags.config ?? flags.c ?? "", flags.env ?? flags.e ?? "");
  if (!config.d1_databases?.some(({ database_name }) => database_name === positionals[0])) {
    refused(`Couldn't find a D1 DB with the name or binding '${positionals[0]}' in your wrangler.toml file.`);
  }
  const { migrations } = databaseOf(state, call);
  return [...migrationFiles(), ...state.moreMigrations].filter((file) => !migrations.includes(file));
}

const NOTHING = "✅ No migrations to apply!";

export function listMigrations(state: State, call: Call): Answer {
  const files = unapplied(state, call);
  if (files.length === 0) return said(NOTHING);
  return said(
    ["Migrations to be applied:", "┌─┐", "│ Name │", ...files.map((file) => `│ ${file} │`), "└─┘"].join("\n"),
  );
}

export function applyMigrations(state: State, call: Call): Answer {
  const files = unapplied(state, call);
  const database = databaseOf(state, call);
  database.migrations.push(...files);
  database.tables = ["d1_migrations", "devices"];
  return said(files.length === 0 ? NOTHING : files.map((file) => `│ ${file} │ ✅ │`).join("\n"));
}

export const bookmark = (state: State, call: Call): Answer =>
  json({ bookmark: `0000000-${databaseOf(state, call).migrations.length}-bookmark` });

export function createQueue(state: State, { positionals: [name = ""] }: Call): Answer {
  if (state.queues.some((queue) => queue.name === name)) {
    apiError(
      "/accounts/x/queues",
      `Queue name '${name}' is already taken. Please use a different name and try again.`,
      11009,
    );
  }
  state.queues.push({ name, consumers: [] });
  return said(`🌀 Creating queue '${name}'\n✅ Created queue '${name}'`);
}

/** As it is kept: a bucket of a jurisdiction is another than one of that name without. */
export const bucketIn = (name: string, jurisdiction: string | undefined): string =>
  jurisdiction ? `${name} in ${jurisdiction}` : name;

export function bucketInfo({ buckets }: State, { positionals: [name = ""], flags }: Call): Answer {
  const isThere = buckets.includes(bucketIn(name, flags.jurisdiction));
  if (!isThere) apiError("/accounts/x/r2/buckets", "The specified bucket does not exist.", 10006);
  return json({ name });
}

export function createBucket({ buckets }: State, { positionals: [name = ""], flags }: Call): Answer {
  const bucket = bucketIn(name, flags.jurisdiction);
  if (buckets.includes(bucket))
    apiError("/accounts/x/r2/buckets", "The bucket you tried to create already exists.", 10004);
  buckets.push(bucket);
  return said(`✅ Created bucket '${name}'`);
}
