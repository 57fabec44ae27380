import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { readStatements } from "./statements.ts";

const sqlOf = (text: string): string[] => readStatements(text).map(({ sql }) => sql);

it("semicolons in strings, names and comments end nothing", () => {
  expect(sqlOf("INSERT INTO a VALUES (';''--'); -- b;\n/* c; */ DROP TABLE \"d;\"; DROP TABLE [e;f];;")).toEqual([
    "INSERT INTO a VALUES (';''--')",
    'DROP TABLE "d;"',
    "DROP TABLE [e;f]",
  ]);
});

it("a trigger is one statement, whatever its body holds", () => {
  const trigger = `CREATE TRIGGER t AFTER INSERT ON a BEGIN
  UPDATE b SET c = CASE WHEN new.d THEN 1 ELSE 2 END;
  DELETE FROM e;
END`;
  expect(sqlOf(`${trigger};\nDROP TABLE a;`)).toEqual([trigger, "DROP TABLE a"]);
});

it("keywords are read in any case, and never from quotes", () => {
  const [statement] = readStatements("drop table `DELETE`");
  expect(statement?.tokens).toEqual([
    { kind: "word", text: "DROP" },
    { kind: "word", text: "TABLE" },
    { kind: "name", text: "DELETE" },
  ]);
});

it.each([
  ["directly above", "SELECT 1;\n-- reviewed: empty since 0.4\nDROP TABLE a;", "empty since 0.4"],
  ["above another comment", "-- reviewed: empty since 0.4\n-- It was `b`.\nDROP TABLE a;", "empty since 0.4"],
  ["with an empty line between", "-- reviewed: empty since 0.4\n\nDROP TABLE a;", undefined],
  ["above the statement before", "-- reviewed: empty since 0.4\nDROP TABLE b;\nDROP TABLE a;", undefined],
  ["on the line of a statement", "DROP TABLE b; -- reviewed: empty since 0.4\nDROP TABLE a;", undefined],
  ["without a reason", "-- reviewed:\nDROP TABLE a;", undefined],
])("a review %s counts accordingly", (_, sql, reviewed) => {
  expect(readStatements(sql).at(-1)?.reviewed).toBe(reviewed);
});

it("reads a migration with triggers, statement by statement, with the line of each", () => {
  const statements = readStatements(readFileSync("migrations/0006_letter_trends.sql", "utf8"));
  expect(
    statements.map(({ line, tokens }) => [
      line,
      tokens
        .slice(0, 2)
        .map(({ text }) => text)
        .join(" "),
    ]),
  ).toEqual([
    [1, "CREATE TABLE"],
    [10, "CREATE TABLE"],
    [17, "INSERT INTO"],
    [21, "CREATE TRIGGER"],
    [34, "CREATE TRIGGER"],
    [42, "CREATE TRIGGER"],
    [52, "CREATE TRIGGER"],
  ]);
});
