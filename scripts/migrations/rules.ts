import { nameOf, outerOf, whereOf } from "./shape.ts";

/** What is wrong with a statement, while the Workers of the last release still run on the same database. */
export type Problem = {
  /** What it would do to them, or to the rows. */
  readonly does: string;
  readonly instead: string;
  /** The table whose rows or columns are gone afterwards. */
  readonly loses?: string;
};

/** A statement that is allowed and costs rows written: shown, and not refused. */
export type Note = { readonly costs: string };

type Found = { readonly problems: readonly Problem[]; readonly notes: readonly Note[] };

/** @param isNew whether this very migration makes what has this name, so that nobody uses it yet */
type Rule = (shape: string, isNew: (name: string | undefined) => boolean) => Partial<Found>;

const refuse = (does: string, instead: string, loses?: string): Partial<Found> => ({
  problems: [{ does, instead, ...(loses === undefined ? {} : { loses: nameOf(loses) }) }],
});
const note = (costs: string): Partial<Found> => ({ notes: [{ costs }] });
const FINE: Partial<Found> = {};

const CONTRACT_LATER =
  "Leave it until no running Worker uses it, and remove it in a migration of a later release, with a line `-- reviewed: why`";

/** By how a statement begins; the first that fits counts. Only what stands here is known to expand, or to be safe. */
const RULES: readonly (readonly [RegExp, Rule])[] = [
  [/^CREATE (?:VIRTUAL )?TABLE /, createTable],
  [/^CREATE VIEW /, () => FINE],
  [/^CREATE (?:UNIQUE )?INDEX /, createIndex],
  [/^CREATE TRIGGER /, createTrigger],
  [/^ALTER TABLE \S+ ADD /, addColumn],
  [/^ALTER TABLE /, alterTable],
  [/^DROP (?:TABLE|INDEX|VIEW|TRIGGER) /, drop],
  [/^DELETE FROM /, deleteRows],
  [/^UPDATE /, update],
  [/^(?:INSERT|REPLACE) /, insert],
  [/^PRAGMA /, pragma],
];

/** @param shape of a statement, by `shapeOf` */
export function judgeStatement(shape: string, isNew: (name: string | undefined) => boolean): Found {
  const verb = shape.startsWith("WITH ") ? afterWith(shape) : shape;
  const rule = RULES.find(([begins]) => begins.test(verb))?.[1] ?? unknown;
  const { problems = [], notes = [] } = rule(verb, isNew);
  return { problems: [...problems, ...cascades(verb)], notes };
}

/** `WITH a AS ( … ) UPDATE …` does what stands behind its tables. */
function afterWith(shape: string): string {
  const verb = /\b(?:INSERT|REPLACE|UPDATE|DELETE|SELECT)\b/.exec(outerOf(shape))?.[0] ?? "SELECT";
  return shape.slice(shape.lastIndexOf(`) ${verb} `) + 2);
}

function unknown(): Partial<Found> {
  return refuse(
    "It is none of the statements that are known to leave what is running alone",
    "Write it with CREATE, ALTER TABLE … ADD, INSERT or UPDATE … WHERE",
  );
}

function cascades(shape: string): readonly Problem[] {
  const action = /\bON DELETE (?:CASCADE|SET NULL|SET DEFAULT)\b/.exec(shape)?.[0];
  if (action === undefined || shape.startsWith("CREATE TRIGGER")) return [];
  const does = `${action} removes or empties rows whenever a row of the other table goes, and a table rebuild removes all of them`;
  return [{ does, instead: "Delete what belongs to a row where the row is deleted" }];
}

function createTable(shape: string): Partial<Found> {
  const name = nameOf(/TABLE (?:IF NOT EXISTS )?(\S+)/.exec(shape)?.[1]);
  if (!name.startsWith("__new_")) return FINE;
  return refuse(
    "It begins a rebuild: rows that are written while it copies are lost, and the old table goes with all that refers to it",
    "Add a column beside the old one, fill it, and read the new one",
  );
}

function createIndex(shape: string, isNew: (name: string | undefined) => boolean): Partial<Found> {
  const table = / ON (\S+)/.exec(shape)?.[1];
  if (isNew(table)) return FINE;
  if (!shape.startsWith("CREATE UNIQUE")) {
    return note(`writes an entry for each row of ${nameOf(table)} at once, and one with each later insert`);
  }
  return refuse(
    `It fails if two rows of ${nameOf(table)} are alike, and what is running gets an error for each such row from then on`,
    "Make a new table with that key and write both; read the new one in the next release",
  );
}

function createTrigger(shape: string, isNew: (name: string | undefined) => boolean): Partial<Found> {
  const [head = "", body = ""] = shape.split(/ BEGIN (.*)/s);
  const raised = /\bRAISE \( (ABORT|FAIL|ROLLBACK|IGNORE)\b/.exec(body)?.[1];
  if (raised !== undefined && !isNew(/ ON (\S+)/.exec(head)?.[1])) {
    return refuse(
      raised === "IGNORE"
        ? "Writes of what is running are left out, and it is told that they are done"
        : "What is running gets an error for writes that were allowed until now",
      "Refuse such writes in the Workers first, and add the trigger in the release after",
    );
  }
  const writes = body.split(" ; ").filter((each) => /^(?:DELETE|UPDATE|INSERT|REPLACE) /.test(each));
  return { problems: writes.flatMap((each) => judgeStatement(each, isNew).problems) };
}

function addColumn(shape: string, isNew: (name: string | undefined) => boolean): Partial<Found> {
  const table = /^ALTER TABLE (\S+)/.exec(shape)?.[1];
  const hasDefault = /\bDEFAULT (?!NULL\b)/.test(shape) || /\b(?:GENERATED ALWAYS )?AS \(/.test(shape);
  if (isNew(table) || hasDefault || !/\bNOT NULL\b/.test(shape)) return FINE;
  return refuse(
    `Rows of ${nameOf(table)} have no value for it, and what is running inserts rows without it: SQLite refuses both`,
    "Allow NULL, or add `DEFAULT …`",
  );
}

function alterTable(shape: string): Partial<Found> {
  const [, table, what] = /^ALTER TABLE (\S+) (\S+)/.exec(shape) ?? [];
  const does = `What is running names it as it was: its statements on ${nameOf(table)} fail from this moment on`;
  if (what === "DROP") return refuse(`${does}, and its values are gone`, CONTRACT_LATER, table);
  return refuse(
    does,
    "Add the new name beside the old one, write both, and read the new one in the next release",
    table,
  );
}

function drop(shape: string, isNew: (name: string | undefined) => boolean): Partial<Found> {
  const [, kind = "", name] = /^DROP (\S+) (?:IF EXISTS )?(\S+)/.exec(shape) ?? [];
  if (isNew(name)) return FINE;
  if (kind === "INDEX") {
    return refuse(
      "Queries of what is running read the whole table without it, and each row that is read is billed",
      "Make the new index under a name of its own, and drop the old one in a later release, with a line `-- reviewed: why`",
    );
  }
  const does = {
    TABLE: "Its rows are gone, and the statements of what is running on it fail from this moment on",
    VIEW: "The statements of what is running on it fail from this moment on",
  }[kind];
  return refuse(
    does ?? "What it kept in step is no longer kept in step while the Workers that rely on it still run",
    CONTRACT_LATER,
    kind === "TABLE" ? name : undefined,
  );
}

function deleteRows(shape: string, isNew: (name: string | undefined) => boolean): Partial<Found> {
  const table = /^DELETE FROM (\S+)/.exec(shape)?.[1];
  if (isNew(table)) return FINE;
  return refuse(
    `Rows of ${nameOf(table)} are gone, and a rollback of the Workers does not bring them back`,
    "Mark the rows, or let a Worker delete what has run out, in bounded steps",
    table,
  );
}

function update(shape: string, isNew: (name: string | undefined) => boolean): Partial<Found> {
  const [, orReplace, table] = /^UPDATE (OR \S+ )?(\S+)/.exec(shape) ?? [];
  if (isNew(table)) return FINE;
  if (orReplace === "OR REPLACE ") return replaces(table);
  if (namesNoColumn(whereOf(shape))) {
    return refuse(
      `It writes every row of ${nameOf(table)} in one statement: it holds D1 for as long as that takes, and overwrites what is running`,
      "Say with WHERE which rows lack the value (`WHERE new_column IS NULL`), or let a Worker fill it in bounded steps",
    );
  }
  return note(`writes each row of ${nameOf(table)} that its WHERE finds, in one statement`);
}

/** No WHERE, and `WHERE ( 1 = 1 )`, find every row. */
const namesNoColumn = (where: string): boolean =>
  !/[a-zA-Z_]/.test(where.replaceAll(/'[^ ]*'|\b(?:TRUE|FALSE|NOT|AND|OR|IS|IN|LIKE|BETWEEN|NULL)\b/g, ""));

function insert(shape: string, isNew: (name: string | undefined) => boolean): Partial<Found> {
  const table = / INTO (\S+)/.exec(shape)?.[1];
  if (isNew(table) && !/ SELECT /.test(shape)) return FINE;
  if (!isNew(table) && /^(?:REPLACE|INSERT OR REPLACE) /.test(shape)) return replaces(table);
  return / SELECT /.test(shape) ? note(`writes a row of ${nameOf(table)} for each one that its SELECT finds`) : FINE;
}

const replaces = (table: string | undefined): Partial<Found> =>
  refuse(
    `REPLACE deletes the row of ${nameOf(table)} that is in its way, with columns that it does not name, and no trigger sees it`,
    "Write `INSERT … ON CONFLICT (…) DO UPDATE SET …`",
    table,
  );

function pragma(shape: string): Partial<Found> {
  const name = nameOf(/^PRAGMA (\S+)/.exec(shape)?.[1]);
  if (name === "optimize") return FINE;
  return refuse(
    name === "foreign_keys"
      ? "With foreign keys off a rebuild leaves rows that refer to nothing, or takes them along when they are on again"
      : `PRAGMA ${name} changes how the whole database works, for what is running too`,
    "Write what the migration needs without it",
  );
}
