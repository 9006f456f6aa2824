import assert from "node:assert/strict";
import { test } from "node:test";
import { DocumentView } from "./document-view.ts";
import { ref, testCases, type Case } from "./schema-cases.suite.ts";
import { SchemaBook } from "./schema-book.ts";

const pet = {
  type: "object",
  required: ["petType"],
  properties: { petType: { type: "string" } },
  discriminator: { propertyName: "petType", mapping: { dog: "Dog" } },
};
const cat = {
  allOf: [ref("Pet"), { type: "object", required: ["name"], properties: { name: { type: "string" } } }],
};
const dog = { allOf: [ref("Pet"), { type: "object", properties: { bark: { type: "string" } } }] };

const cases: readonly Case[] = [
  {
    title: "nullable",
    version: "3.0.3",
    schema: { type: "string", nullable: true },
    good: [null, "a"],
    bad: [1],
  },
  {
    title: "nullable is nothing without a type",
    version: "3.0.3",
    schema: { nullable: true, allOf: [ref("A")] },
    schemas: { A: { type: "string" } },
    good: ["a"],
    bad: [null],
  },
  {
    title: "nullable is no keyword of 3.1",
    schema: { type: "string", nullable: true },
    good: ["a"],
    bad: [null],
  },
  { title: "a list of types", schema: { type: ["string", "null"] }, good: [null, "a"], bad: [1] },
  {
    title: "an enum with null",
    version: "3.0.3",
    schema: { type: "string", nullable: true, enum: ["a", null] },
    good: ["a", null],
    bad: ["b"],
  },
  {
    title: "allOf",
    schema: cat,
    schemas: { Pet: pet },
    good: [{ petType: "cat", name: "m" }],
    bad: [{ petType: "cat" }, { name: "m" }],
  },
  {
    title: "oneOf takes exactly one",
    schema: { oneOf: [{ type: "number" }, { type: "integer" }, { type: "string" }] },
    good: [1.5, "a"],
    bad: [1, true],
  },
  {
    title: "anyOf takes several",
    schema: { anyOf: [{ type: "number" }, { type: "integer" }] },
    good: [1, 1.5],
    bad: ["1"],
  },
  { title: "not", schema: { not: { type: "string" } }, good: [1], bad: ["a"] },
  {
    title: "a discriminator leaves what its alternatives say",
    schema: { oneOf: [ref("Cat"), ref("Dog")], discriminator: { propertyName: "petType" } },
    schemas: { Pet: pet, Cat: { ...cat, required: ["claws"] }, Dog: { ...dog, required: ["bark"] } },
    good: [
      { petType: "Cat", name: "m", claws: 1 },
      { petType: "Dog", bark: "b" },
    ],
    bad: [{ petType: "Cat", name: "m" }, { bark: "b" }],
  },
  {
    title: "readOnly and writeOnly",
    schema: {
      type: "object",
      required: ["id", "pin"],
      properties: { id: { type: "integer", readOnly: true }, pin: { type: "string", writeOnly: true } },
    },
    good: [{ pin: "1" }],
    bad: [{ id: 1, pin: "1" }, {}],
    goodOut: [{ id: 1 }],
    badOut: [{ id: 1, pin: "1" }, {}],
  },
  {
    title: "readOnly behind a reference",
    schema: { type: "object", required: ["id"], properties: { id: ref("Id") } },
    schemas: { Id: { type: "integer", readOnly: true } },
    good: [{}],
    bad: [{ id: 1 }],
    goodOut: [{ id: 1 }],
    badOut: [{}],
  },
  {
    title: "readOnly beside a reference",
    schema: { type: "object", required: ["id"], properties: { id: { ...ref("Id"), readOnly: true } } },
    schemas: { Id: { type: "integer" } },
    good: [{}],
    bad: [{ id: 1 }],
    goodOut: [{ id: 1 }],
    badOut: [{}],
  },
  {
    title: "readOnly, required by another part of allOf",
    schema: { allOf: [ref("Base"), { type: "object", required: ["id", "name"] }] },
    schemas: {
      Base: {
        type: "object",
        properties: { id: { type: "integer", readOnly: true }, name: { type: "string" } },
      },
    },
    good: [{ name: "a" }],
    bad: [{ id: 1, name: "a" }, {}],
    goodOut: [{ id: 1, name: "a" }],
    badOut: [{ name: "a" }],
  },
  {
    title: "readOnly, required beside allOf",
    schema: { required: ["id"], allOf: [ref("Base")] },
    schemas: { Base: { type: "object", properties: { id: { type: "integer", readOnly: true } } } },
    good: [{}],
    bad: [{ id: 1 }],
    goodOut: [{ id: 1 }],
    badOut: [{}],
  },
  {
    title: "readOnly and writeOnly beside a reference that requires them",
    schema: {
      ...ref("Base"),
      properties: { id: { type: "integer", readOnly: true }, pin: { type: "string", writeOnly: true } },
    },
    schemas: { Base: { type: "object", required: ["id", "pin", "name"] } },
    good: [{ pin: "1", name: "a" }],
    bad: [{ pin: "1" }, { id: 1, pin: "1", name: "a" }, { name: "a" }],
    goodOut: [{ id: 1, name: "a" }],
    badOut: [{ name: "a" }, { id: 1 }, { id: 1, pin: "1", name: "a" }],
  },
  {
    title: "readOnly in one part of allOf, required behind references of another",
    version: "3.0.3",
    schema: {
      allOf: [ref("Named"), { type: "object", properties: { id: { type: "integer", readOnly: true } } }],
    },
    schemas: {
      Named: { allOf: [ref("Base"), { required: ["name"] }] },
      Base: { type: "object", required: ["id"] },
    },
    good: [{ name: "a" }],
    bad: [{}, { id: 1, name: "a" }],
    goodOut: [{ id: 1, name: "a" }],
    badOut: [{ name: "a" }],
  },
  {
    title: "what one reference does not ask for another one does",
    schema: {
      type: "object",
      required: ["own", "other"],
      properties: {
        own: { ...ref("Base"), properties: { id: { type: "integer", readOnly: true } } },
        other: ref("Base"),
      },
    },
    schemas: { Base: { type: "object", required: ["id"], properties: { id: {}, next: ref("Base") } } },
    good: [
      { own: {}, other: { id: 1 } },
      { own: { next: { id: 1 } }, other: { id: 1 } },
    ],
    bad: [
      { own: {}, other: {} },
      { own: { next: {} }, other: { id: 1 } },
    ],
    goodOut: [{ own: { id: 1 }, other: { id: 1 } }],
    badOut: [{ own: {}, other: { id: 1 } }],
  },
  {
    title: "readOnly, required by what follows from a condition",
    schema: {
      type: "object",
      properties: { kind: {}, id: { type: "integer", readOnly: true } },
      if: { required: ["kind"] },
      ...JSON.parse('{ "then": { "required": ["id", "name"] } }'),
      dependentSchemas: { kind: { required: ["id"] } },
    },
    good: [{}, { kind: 1, name: "a" }],
    bad: [{ kind: 1 }],
    goodOut: [{}, { kind: 1, id: 1, name: "a" }],
    badOut: [{ kind: 1, name: "a" }],
  },
  {
    title: "references that go round, with what is readOnly",
    schema: { ...ref("A"), properties: { id: { readOnly: true } } },
    schemas: {
      A: { ...ref("B"), required: ["id"] },
      B: { allOf: [{ required: ["name"] }], anyOf: [{ ...ref("C") }] },
      C: { required: ["id"] },
    },
    good: [{ name: 1 }],
    bad: [{}],
    goodOut: [{ id: 1, name: 1 }],
    badOut: [{ name: 1 }],
  },
  {
    title: "circular references",
    schema: ref("Node"),
    schemas: {
      Node: {
        type: "object",
        properties: {
          value: { type: "integer" },
          next: ref("Node"),
          all: { type: "array", items: ref("Node") },
        },
        additionalProperties: false,
      },
    },
    good: [{ next: { next: { value: 1 }, all: [{ value: 2 }] } }],
    bad: [{ next: { next: { value: "1" } } }, { all: [{ x: 1 }] }],
  },
  {
    title: "what is beside a reference counts",
    schema: { ...ref("A"), maxLength: 2 },
    schemas: { A: { type: "string" } },
    good: ["ab"],
    bad: ["abc", 1],
  },
  {
    title: "and counts not in 3.0",
    version: "3.0.3",
    schema: { ...ref("A"), maxLength: 2 },
    schemas: { A: { type: "string" } },
    good: ["abc"],
    bad: [1],
  },
  {
    title: "a reference into another schema, with escapes",
    schema: { $ref: "#/components/schemas/A/properties/x~1y" },
    schemas: { A: { type: "object", properties: { "x/y": { type: "integer" } } } },
    good: [1],
    bad: ["1"],
  },
  {
    title: "bounds that exclude, of 3.0",
    version: "3.0.3",
    schema: { type: "number", minimum: 1, exclusiveMinimum: true, maximum: 3, exclusiveMaximum: false },
    good: [1.1, 3],
    bad: [1, 3.1],
  },
  {
    title: "bounds that exclude, of 3.1",
    schema: { type: "number", exclusiveMinimum: 1, exclusiveMaximum: 3 },
    good: [2],
    bad: [1, 3],
  },
  {
    title: "multipleOf",
    schema: { type: "number", multipleOf: 0.01 },
    good: [19.99, 4.35],
    bad: [0.001, 19.995],
  },
  {
    title: "multipleOf of whole numbers",
    schema: { multipleOf: 3 },
    good: [0, 9007199254740990],
    bad: [1, 1.5],
  },
  { title: "lengths are of characters", schema: { type: "string", maxLength: 1 }, good: ["😀"], bad: ["ab"] },
  {
    title: "additionalProperties by schema",
    schema: { type: "object", properties: { a: {} }, additionalProperties: { type: "integer" } },
    good: [{ a: "x", b: 1 }],
    bad: [{ b: "x" }],
  },
  {
    title: "unevaluatedProperties sees through allOf",
    schema: { allOf: [ref("A")], properties: { b: {} }, unevaluatedProperties: false },
    schemas: { A: { type: "object", properties: { a: {} } } },
    good: [{ a: 1, b: 1 }],
    bad: [{ c: 1 }],
  },
  {
    title: "prefixItems, contains and what follows",
    schema: {
      type: "array",
      prefixItems: [{ type: "integer" }],
      items: { type: "string" },
      contains: { const: "x" },
    },
    good: [[1, "x"]],
    bad: [["x"], [1, 2, "x"], [1, "y"]],
  },
  {
    title: "if, then, else",
    schema: JSON.parse(
      '{ "if": { "type": "integer" }, "then": { "minimum": 5 }, "else": { "type": "string" } }',
    ) as object,
    good: [5, "a"],
    bad: [4, true],
  },
  {
    title: "dependentRequired",
    schema: { type: "object", dependentRequired: { card: ["address"] } },
    good: [{}, { card: 1, address: 1 }],
    bad: [{ card: 1 }],
  },
  { title: "int32", schema: { type: "integer", format: "int32" }, good: [2147483647], bad: [2147483648] },
  { title: "date", schema: { format: "date" }, good: ["2024-02-29"], bad: ["2023-02-29", "2024-2-9"] },
  {
    title: "date-time",
    schema: { format: "date-time" },
    good: ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00.123+02:00"],
    bad: ["2024-01-01", "2024-01-01 25:00:00Z"],
  },
  { title: "uuid", schema: { format: "uuid" }, good: ["123e4567-e89b-12d3-a456-426614174000"], bad: ["123"] },
  { title: "email", schema: { format: "email" }, good: ["a@b.example"], bad: ["a"] },
  { title: "ipv4", schema: { format: "ipv4" }, good: ["10.0.0.1"], bad: ["10.0.0.256"] },
  { title: "ipv6", schema: { format: "ipv6" }, good: ["::1"], bad: ["1::2::3"] },
  { title: "uri", schema: { format: "uri" }, good: ["https://a.example/b"], bad: ["/b"] },
  { title: "byte", schema: { type: "string", format: "byte" }, good: ["aGk="], bad: ["a$"] },
  { title: "password is a hint", schema: { type: "string", format: "password" }, good: ["x"], bad: [1] },
  { title: "a whole number written as 1.0", schema: { type: "integer" }, good: [1], bad: [1.5, "1"] },
];

testCases(cases);

test("a schema that goes round in very many ways is read in a time that grows with its size", () => {
  const all = Array.from({ length: 30 }, () => ref("A"));
  const schema = { allOf: all, required: ["a", "b"], properties: { a: { allOf: all, readOnly: true } } };
  const view = new DocumentView({ components: { schemas: { A: schema } } }, false);
  const book = new SchemaBook(view, () => null);
  book.indexOf(schema, "#/components/schemas/A");
  const { requests, responses } = book.write();
  assert.deepEqual([requests.length, responses.length], [1, 1]);
  assert.deepEqual((requests[0] as { required: string[] }).required, ["b"]);
  assert.deepEqual((responses[0] as { required: string[] }).required, ["a", "b"]);
});
