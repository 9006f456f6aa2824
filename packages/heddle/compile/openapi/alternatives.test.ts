import { ref, testCases, type Case } from "./schema-cases.suite.ts";

/** `oneOf`, `anyOf`, `not` and conditions over properties that one direction's messages may not have. */
const id = { type: "integer", readOnly: true };
const pin = { type: "string", writeOnly: true };
const name = { type: "string" };
const stored = { type: "object", required: ["id", "name"], properties: { id, name } };
const draft = { type: "object", required: ["name"], properties: { name } };
const closed = (schema: object) => ({ ...schema, additionalProperties: false });
const kind = (value: string) => ({ type: "string", enum: [value] });

const cases: readonly Case[] = [
  {
    title: "oneOf that a readOnly property alone tells apart: one of them is enough in requests",
    schema: { oneOf: [closed(stored), closed(draft)] },
    good: [{ name: "a" }],
    bad: [{ id: 1, name: "a" }, {}, { name: 1 }],
    goodOut: [{ id: 1, name: "a" }, { name: "a" }],
    badOut: [{}, { id: "1", name: "a" }],
  },
  {
    title: "the same behind references, of 3.0",
    version: "3.0.3",
    schema: { oneOf: [ref("Stored"), ref("Draft")] },
    schemas: {
      Stored: { allOf: [ref("Base"), { required: ["id"] }] },
      Base: closed(stored),
      Draft: closed(draft),
    },
    good: [{ name: "a" }],
    bad: [{ id: 1, name: "a" }, {}],
    goodOut: [{ id: 1, name: "a" }, { name: "a" }],
    badOut: [{}],
  },
  {
    title: "readOnly beside the oneOf, required in one alternative",
    schema: {
      properties: { id },
      oneOf: [{ required: ["id", "name"] }, { required: ["name"], maxProperties: 1 }],
    },
    good: [{ name: "a" }],
    bad: [{}, { id: 1, name: "a" }],
    goodOut: [{ id: 1, name: "a" }, { name: "a" }],
    badOut: [{}, { id: 1 }],
  },
  {
    title: "oneOf beside allOf and anyOf, all of which count",
    schema: {
      allOf: [{ required: ["a"] }],
      anyOf: [{ required: ["b"] }, { required: ["c"] }],
      oneOf: [stored, draft],
    },
    good: [{ a: 1, b: 1, name: "a" }],
    bad: [
      { b: 1, name: "a" },
      { a: 1, name: "a" },
      { a: 1, b: 1 },
    ],
    goodOut: [{ a: 1, b: 1, name: "a" }],
    badOut: [
      { b: 1, name: "a" },
      { a: 1, name: "a" },
      { a: 1, b: 1 },
      { a: 1, b: 1, id: 1, name: "a" },
    ],
  },
  {
    title: "oneOf that a writeOnly property tells apart: one of them is enough in responses",
    schema: { oneOf: [closed({ required: ["pin", "name"], properties: { pin, name } }), closed(draft)] },
    good: [{ pin: "1", name: "a" }, { name: "a" }],
    bad: [{ pin: "1" }, {}],
    goodOut: [{ name: "a" }],
    badOut: [{ pin: "1", name: "a" }, {}],
  },
  {
    title: "oneOf that other things tell apart takes exactly one, both ways",
    schema: {
      oneOf: [
        { required: ["a"], properties: { id } },
        { required: ["b"], properties: { id } },
      ],
    },
    good: [{ a: 1 }, { b: 1 }],
    bad: [{ a: 1, b: 1 }, {}, { a: 1, id: 1 }],
    goodOut: [{ a: 1, id: 1 }, { b: 1 }],
    badOut: [{ a: 1, b: 1 }, { id: 1 }],
  },
  {
    title: "anyOf: what one alternative has as readOnly comes in by another one that has it not",
    schema: {
      anyOf: [closed({ properties: { id, name } }), closed({ properties: { id: { type: "integer" } } })],
    },
    good: [{ name: "a" }, { id: 1 }],
    bad: [{ id: 1, name: "a" }, { id: "1" }],
    goodOut: [{ id: 1, name: "a" }, { id: 1 }],
    badOut: [{ id: "1" }],
  },
  {
    title: "a discriminator with readOnly properties in its alternatives",
    schema: {
      oneOf: [ref("Cat"), ref("Dog")],
      discriminator: { propertyName: "kind", mapping: { cat: "#/components/schemas/Cat" } },
    },
    schemas: {
      Cat: { type: "object", required: ["kind", "id"], properties: { kind: kind("cat"), id } },
      Dog: { type: "object", required: ["kind", "id", "pin"], properties: { kind: kind("dog"), id, pin } },
    },
    good: [{ kind: "cat" }, { kind: "dog", pin: "1" }],
    bad: [{ kind: "cat", id: 1 }, { kind: "dog" }, { kind: "dog", id: 1, pin: "1" }, { kind: "cow" }, {}],
    goodOut: [
      { kind: "cat", id: 1 },
      { kind: "dog", id: 1 },
    ],
    badOut: [{ kind: "cat" }, { kind: "dog", id: 1, pin: "1" }, { kind: "cow", id: 1 }],
  },
  {
    title: "a discriminator that is readOnly itself",
    schema: { oneOf: [ref("Cat"), ref("Dog")], discriminator: { propertyName: "kind" } },
    schemas: {
      Cat: { required: ["kind"], properties: { kind: { ...kind("cat"), readOnly: true }, claws: {} } },
      Dog: { required: ["kind"], properties: { kind: { ...kind("dog"), readOnly: true }, bark: {} } },
    },
    good: [{}, { claws: 1 }],
    bad: [{ kind: "cat" }],
    goodOut: [{ kind: "cat" }, { kind: "dog" }],
    badOut: [{}, { kind: "cow" }],
  },
  {
    title: "not means what is written, whichever way the message goes",
    schema: { not: { required: ["id", "pin"], properties: { id, pin } } },
    good: [{}, { id: 1 }, { pin: "1" }],
    bad: [{ id: 1, pin: "1" }],
  },
  {
    title: "not behind a reference",
    schema: { not: ref("Stored") },
    schemas: { Stored: stored },
    good: [{}, { name: "a" }, { id: 1 }],
    bad: [{ id: 1, name: "a" }],
  },
  {
    title: "not of one of several",
    schema: { not: { oneOf: [{ required: ["id"], properties: { id } }, { required: ["name"] }] } },
    good: [{}, { id: 1, name: "a" }],
    bad: [{ id: 1 }, { name: "a" }],
  },
  {
    title: "a condition means what is written",
    schema: {
      if: { required: ["id"], properties: { id } },
      ...(JSON.parse('{ "then": { "required": ["name"] }, "else": { "required": ["draft"] } }') as object),
    },
    good: [{ draft: 1 }, { id: 1, name: "a" }],
    bad: [{}, { name: "a" }, { id: 1, draft: 1 }],
  },
];

testCases(cases);
