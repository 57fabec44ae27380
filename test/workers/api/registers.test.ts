import { beforeEach, describe, expect, it } from "vitest";
import {
  ask,
  dealerScope,
  emptyTables,
  env,
  nodesOf,
  seedCustomers,
  seedDealers,
  seedDevices,
  version,
} from "./support.ts";

const REAL = { name: "Arctic Air", phone: "+1 612 555 0134" };

/** Infinity's and elt's records of dealer D-7 and customer C-1; elt has assigned a device of its own to both. */
beforeEach(async () => {
  await emptyTables();
  await seedDealers(
    { dealerId: "D-7", ...REAL, source: "infinity" },
    { dealerId: "D-7", name: "Another name", phone: "none", source: "elt" },
    { dealerId: "D-9", name: "Elt's own", source: "elt" },
  );
  await seedCustomers(
    { customerId: "C-1", name: "Nordic Foods", email: "facilities@nordic.example", source: "infinity" },
    { customerId: "C-1", name: "Somebody", source: "elt" },
  );
  await seedDevices(
    { key: "infinity:1", dealers: [[1, "D-7"]], customerId: "C-1" },
    { key: "elt:2", dealers: [[1, "D-9"]], customerId: "C-1" },
    { key: "elt:3", dealers: [[1, "D-7"]], customerId: "C-1" },
  );
});

const WORDS = "{ source name email }";

describe("one source's record of a dealer or a customer", () => {
  it("reveals nothing of another source's record, by any query", async () => {
    const { data } = await ask(
      `{ device(key: "elt:2") { customer ${WORDS} }
        bare: customer(customerId: "C-1") ${WORDS}
        theirs: customer(customerId: "C-1", source: INFINITY) ${WORDS}
        node(id: "${btoa("Customer:infinity:C-1")}") { id }
        old: node(id: "${btoa("Customer:C-1")}") { ... on Customer ${WORDS} }
        customers { totalCount edges { node ${WORDS} } } }`,
      { scope: dealerScope("D-9") },
    );
    const own = { source: "ELT", name: "Somebody", email: null };
    expect(data).toEqual({
      device: { customer: own },
      bare: own,
      theirs: null,
      node: null,
      old: own,
      customers: { totalCount: 1, edges: [{ node: own }] },
    });
  });

  it("does not change another source's record: each device has that of its own source", async () => {
    const { data } = await ask(
      `{ infinity: device(key: "infinity:1") { dealer { source name phone } customer ${WORDS}
          assignments { edges { node { dealer { name } } } } }
        elt: device(key: "elt:3") { dealer { source name phone } customer ${WORDS}
          assignments { edges { node { dealer { name } } } } } }`,
    );
    expect(data.infinity).toEqual({
      dealer: { source: "INFINITY", ...REAL },
      customer: { source: "INFINITY", name: "Nordic Foods", email: "facilities@nordic.example" },
      assignments: { edges: [{ node: { dealer: { name: "Arctic Air" } } }] },
    });
    expect(data.elt).toEqual({
      dealer: { source: "ELT", name: "Another name", phone: "none" },
      customer: { source: "ELT", name: "Somebody", email: null },
      assignments: { edges: [{ node: { dealer: { name: "Another name" } } }] },
    });
  });

  it("is listed once per id, as the first source has it, with the devices of all sources", async () => {
    for (const scope of [undefined, dealerScope("D-7", "D-9")]) {
      const { data } = await ask(
        `{ dealers { totalCount edges { node { id dealerId source name devices { edges { node { key } } } } } } }`,
        scope ? { scope } : {},
      );
      expect(data.dealers.totalCount).toBe(2);
      expect(
        nodesOf(data.dealers).map(({ devices, ...dealer }) => [dealer, nodesOf(devices).map(({ key }) => key)]),
      ).toEqual([
        [
          { id: btoa("Dealer:infinity:D-7"), dealerId: "D-7", source: "INFINITY", name: "Arctic Air" },
          ["elt:3", "infinity:1"],
        ],
        [{ id: btoa("Dealer:elt:D-9"), dealerId: "D-9", source: "ELT", name: "Elt's own" }, ["elt:2"]],
      ]);
    }
  });

  it("is found by its node id, and by the id of releases that did not separate sources", async () => {
    const ids = ["Dealer:infinity:D-7", "Dealer:elt:D-7", "Dealer:ecobee:D-7", "Dealer:D-7"].map((id) => btoa(id));
    const { data } = await ask("query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Dealer { name } } }", {
      variables: { ids },
    });
    expect(data.nodes).toEqual([{ name: "Arctic Air" }, { name: "Another name" }, null, { name: "Arctic Air" }]);
  });
});

describe("sources that share a register", () => {
  const shared = { ...env, SHARED_REGISTERS: "infinity+elt" };

  it("have one record of a dealer and a customer: the newest is read everywhere", async () => {
    await env.DB.prepare("UPDATE dealer_records SET version = ?1 WHERE source = 'elt'").bind(version(5)).run();
    await env.DB.prepare("UPDATE customer_records SET version = ?1 WHERE source = 'infinity'").bind(version(5)).run();
    const { data } = await ask(
      `{ device(key: "infinity:1") { dealer { id source name } customer { id name } } bare: dealer(dealerId: "D-7") { name }
        dealers { totalCount edges { node { dealerId name } } } }`,
      { env: shared },
    );
    expect(data).toEqual({
      device: {
        dealer: { id: btoa("Dealer:infinity:D-7"), source: "ELT", name: "Another name" },
        customer: { id: btoa("Customer:infinity:C-1"), name: "Nordic Foods" },
      },
      bare: { name: "Another name" },
      dealers: {
        totalCount: 2,
        edges: [{ node: { dealerId: "D-7", name: "Another name" } }, { node: { dealerId: "D-9", name: "Elt's own" } }],
      },
    });
  });

  it("are listed once where two of them say the same at the same moment, whoever asks", async () => {
    await env.DB.batch(
      ["dealer_records", "customer_records"].map((table) =>
        env.DB.prepare(
          `UPDATE ${table} SET (version, name, value) = (SELECT version, name, value FROM ${table} o
             WHERE o.source = 'infinity' LIMIT 1) WHERE source = 'elt' AND name <> 'Elt''s own'`,
        ),
      ),
    );
    for (const scope of [undefined, dealerScope("D-7", "D-9")]) {
      const { data } = await ask(
        `{ dealers { totalCount nodes { dealerId source } } customers { totalCount nodes { customerId source } }
          dealer(dealerId: "D-7") { source } customer(customerId: "C-1") { source } }`,
        { env: shared, ...(scope && { scope }) },
      );
      expect(data).toEqual({
        dealers: {
          totalCount: 2,
          nodes: [
            { dealerId: "D-7", source: "ELT" },
            { dealerId: "D-9", source: "ELT" },
          ],
        },
        customers: { totalCount: 1, nodes: [{ customerId: "C-1", source: "ELT" }] },
        dealer: { source: "ELT" },
        customer: { source: "ELT" },
      });
    }
  });

  it("show a dealer the shared records of its customers", async () => {
    const { data } = await ask(`{ customers { edges { node ${WORDS} } } device(key: "elt:2") { customer ${WORDS} } }`, {
      scope: dealerScope("D-9"),
      env: shared,
    });
    expect(nodesOf(data.customers)).toEqual([data.device.customer]);
  });

  it("are set by a variable that has to be valid", async () => {
    const { status, errors } = await ask("{ __typename }", { env: { ...env, SHARED_REGISTERS: "infinity+nobody" } });
    expect(status).toBe(503);
    expect(errors?.[0]?.message).toContain('SHARED_REGISTERS: names "nobody"');
  });
});
