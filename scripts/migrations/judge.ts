import { judgeStatement } from "./rules.ts";
import { createdBy, nameOf, renamedBy, shapeOf } from "./shape.ts";
import { readStatements, type Statement } from "./statements.ts";

export type Migration = { readonly file: string; readonly sql: string };

/** A reason that stands outside of a migration, because that has shipped and is never edited. */
export type Exception = {
  readonly file: string;
  /** How the statement begins; the file has one that does. */
  readonly statement: string;
  readonly reason: string;
};

export type Place = { readonly file: string; readonly line: number; readonly statement: string };
export type Refusal = Place & { readonly does: string; readonly instead: string };
export type Cost = Place & { readonly costs: string };

export type Verdict = {
  readonly refusals: readonly Refusal[];
  readonly costs: readonly Cost[];
  /** By file: the tables that lose rows or columns on purpose. */
  readonly losses: ReadonlyMap<string, ReadonlySet<string>>;
};

/**
 * Whether the Workers of one release keep working while the next one's migrations run: each statement either expands what
 * is there, or has a reason. Pure: `migrations` are all of them in their order, from the first.
 */
export function judgeMigrations(migrations: readonly Migration[], exceptions: readonly Exception[]): Verdict {
  const refusals: Refusal[] = [];
  const costs: Cost[] = [];
  const losses = new Map<string, Set<string>>();
  const existing = new Set(WRANGLERS);
  for (const { file, sql } of migrations) {
    const statements = readStatements(sql);
    const shapes = statements.map(shapeOf);
    const created = new Set(shapes.flatMap((shape) => createdBy(shape) ?? []));
    const renamed = shapes.flatMap((shape) => renamedBy(shape) ?? []);
    for (const name of renamed) existing.add(name);
    const isNew = (name: string | undefined) => created.has(nameOf(name)) && !existing.has(nameOf(name));
    for (const statement of statements) {
      const place = { file, line: statement.line, statement: shortened(statement.sql) };
      const { problems, notes } = judgeStatement(shapeOf(statement), isNew);
      const reason = statement.reviewed ?? exceptionFor(file, statement, exceptions)?.reason;
      costs.push(...notes.map((note) => ({ ...place, ...note })));
      if (reason === undefined) refusals.push(...problems.map(({ does, instead }) => ({ ...place, does, instead })));
      else if (problems.length === 0) refusals.push({ ...place, ...NEEDLESS });
      for (const { loses } of reason === undefined ? [] : problems) {
        if (loses !== undefined) losses.set(file, (losses.get(file) ?? new Set()).add(loses));
      }
    }
    for (const name of created) existing.add(name);
  }
  refusals.push(...exceptions.filter((each) => !fitsOne(each, migrations)).map(toUnused));
  return { refusals, costs, losses };
}

/** The table in which wrangler notes what is applied; no migration makes it. */
const WRANGLERS = ["d1_migrations"];

const NEEDLESS = {
  does: "It needs no review, so the reason beside it would excuse whatever stands here next",
  instead: "Remove the reason",
};

const exceptionFor = (file: string, { sql }: Statement, exceptions: readonly Exception[]): Exception | undefined =>
  exceptions.find((each) => each.file === file && sql.startsWith(each.statement));

const fitsOne = ({ file, statement }: Exception, migrations: readonly Migration[]): boolean =>
  migrations
    .filter((each) => each.file === file)
    .flatMap(({ sql }) => readStatements(sql))
    .filter(({ sql }) => sql.startsWith(statement)).length === 1;

const toUnused = ({ file, statement }: Exception): Refusal => ({
  ...{ file, line: 1, statement },
  does: "migrations/reviewed.toml has a reason for it, and the file does not have exactly one statement that begins so",
  instead: "Write more of the statement there, or remove the entry",
});

/** The first line, as far as a message has room for it. */
function shortened(sql: string): string {
  const [line = ""] = sql.split("\n");
  return line.length > 90 ? `${line.slice(0, 90)}…` : line;
}

/** As `npm run check` prints it: where it is, what it would do to what is running, and what to do. */
export const refusalText = ({ file, line, statement, does, instead }: Refusal): string =>
  `migrations/${file}:${line}: ${statement}\n      ${does}.\n      ${instead}.`;
