import { ref, testCases, type Case } from "./schema-cases.suite.ts";

/**
 * What the JSON Schema Test Suite asks of draft 2020-12 (OpenAPI 3.1), and of draft 4 as far as OpenAPI 3.0 has it, in
 * rows of our own: each keyword with values that it speaks of, those that it does not, and where it meets others.
 */
const both = (one: Omit<Case, "version">): readonly Case[] => [one, { ...one, version: "3.0.3" }];
const others = [1, "a", true, null, [], {}];
const without = (...left: readonly unknown[]): readonly unknown[] =>
  others.filter((one) => !left.some((other) => JSON.stringify(other) === JSON.stringify(one)));

const shared: readonly Omit<Case, "version">[] = [
  { title: "an empty schema", schema: {}, good: others, bad: [] },
  {
    title: "type integer",
    schema: { type: "integer" },
    good: [1, -1, 0, 1e3],
    bad: [1.1, "1", true, null, [], {}],
  },
  {
    title: "type number",
    schema: { type: "number" },
    good: [1, 1.1, -0.5],
    bad: ["1.1", true, null, [], {}],
  },
  { title: "type object", schema: { type: "object" }, good: [{}], bad: without({}) },
  { title: "type array", schema: { type: "array" }, good: [[]], bad: without([]) },
  {
    title: "type boolean",
    schema: { type: "boolean" },
    good: [true, false],
    bad: [0, "", "true", null, [], {}],
  },
  { title: "type string", schema: { type: "string" }, good: ["", "1"], bad: [1, true, null, [], {}] },
  { title: "maximum", schema: { maximum: 3 }, good: [2.6, 3, ...without(1), "x"], bad: [3.5] },
  { title: "minimum below zero", schema: { minimum: -2 }, good: [-1, 0, -2, "x"], bad: [-2.0001, -3] },
  { title: "multipleOf", schema: { multipleOf: 0.0001 }, good: [0.0075, "x"], bad: [0.00751] },
  {
    title: "maxLength in characters",
    schema: { maxLength: 2 },
    good: ["", "ab", "💩💩", 100],
    bad: ["abc", "💩💩💩"],
  },
  { title: "minLength in characters", schema: { minLength: 2 }, good: ["ab", "💩💩", 1], bad: ["a", "💩"] },
  { title: "pattern", schema: { pattern: "^a*$" }, good: ["", "aaa", 1, {}], bad: ["abc"] },
  { title: "a pattern is not anchored", schema: { pattern: "a+" }, good: ["xxaayy"], bad: ["xyz", ""] },
  {
    title: "each pattern is its own",
    schema: {
      properties: {
        a: { pattern: "^x" },
        b: { pattern: "^y" },
        c: { allOf: [{ pattern: "x" }, { pattern: "y" }] },
      },
    },
    good: [{ a: "x", b: "y", c: "yx" }],
    bad: [{ a: "y" }, { b: "x" }, { c: "x" }, { c: "y" }],
  },
  { title: "maxItems", schema: { maxItems: 2 }, good: [[], [1, 2], "abc"], bad: [[1, 2, 3]] },
  { title: "minItems", schema: { minItems: 1 }, good: [[1], "", {}], bad: [[]] },
  {
    title: "items",
    schema: { items: { type: "integer" } },
    good: [[], [1, 2], { 0: "x", length: 1 }],
    bad: [[1, "x"]],
  },
  {
    title: "uniqueItems",
    schema: { uniqueItems: true },
    good: [
      [],
      [1, 2],
      [1, true],
      [0, false],
      ["1", 1],
      [[1], [true]],
      [{ a: 1 }, { a: true }],
      [
        { a: 1, b: 2 },
        { a: 2, b: 1 },
      ],
      [{}, []],
      "aa",
    ],
    bad: [
      [1, 1],
      [1, 1.0],
      [null, null],
      [
        [[1], 2],
        [[1], 2],
      ],
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      [{ a: { b: [1] } }, { a: { b: [1] } }],
    ],
  },
  {
    title: "uniqueItems that is false",
    schema: { uniqueItems: false },
    good: [[1, 1]],
    bad: [],
  },
  {
    title: "maxProperties",
    schema: { maxProperties: 1 },
    good: [{}, { a: 1 }, [1, 2], "ab"],
    bad: [{ a: 1, b: 2 }],
  },
  { title: "minProperties", schema: { minProperties: 1 }, good: [{ a: 1 }, [], ""], bad: [{}] },
  { title: "required", schema: { required: ["a"] }, good: [{ a: null }, [], "", 1], bad: [{}, { b: 1 }] },
  {
    title: "names that objects inherit",
    schema: { required: ["toString", "constructor"], properties: { toString: { type: "integer" } } },
    good: [{ toString: 1, constructor: 1 }],
    bad: [{}, { toString: "1", constructor: 1 }],
  },
  {
    title: "properties with names of their own",
    schema: {
      properties: {
        "foo\nbar": { type: "number" },
        'foo"bar': { type: "number" },
        "foo\\bar": { type: "number" },
        "": { type: "number" },
      },
    },
    good: [{ "foo\nbar": 1, 'foo"bar': 1, "foo\\bar": 1, "": 1 }],
    bad: [{ "foo\nbar": "1" }, { 'foo"bar': "1" }, { "foo\\bar": "1" }, { "": "1" }],
  },
  {
    title: "additionalProperties beside properties",
    schema: { properties: { a: {} }, additionalProperties: false },
    good: [{}, { a: 1 }, [1], "b"],
    bad: [{ a: 1, b: 2 }],
  },
  {
    title: "additionalProperties looks at its own schema alone",
    schema: { allOf: [{ properties: { a: {} } }], additionalProperties: { type: "boolean" } },
    good: [{ b: true }],
    bad: [{ a: 1, b: true }],
  },
  {
    title: "enum of all kinds",
    schema: { enum: [6, "a", [], true, { b: 12 }] },
    good: [6, "a", [], true, { b: 12 }],
    bad: [null, 1, {}, { b: 13 }, [1]],
  },
  {
    title: "enum tells numbers from booleans",
    schema: { enum: [0, [true]] },
    good: [0, [true]],
    bad: [false, [1]],
  },
  {
    title: "anyOf",
    schema: { anyOf: [{ type: "integer" }, { minimum: 2 }] },
    good: [1, 2.5, 3, "x"],
    bad: [1.5],
  },
  { title: "oneOf", schema: { oneOf: [{ type: "integer" }, { minimum: 2 }] }, good: [1, 2.5], bad: [3, 1.5] },
  {
    title: "oneOf with required",
    schema: { type: "object", oneOf: [{ required: ["a", "b"] }, { required: ["a", "c"] }] },
    good: [
      { a: 1, b: 2 },
      { a: 1, c: 2 },
    ],
    bad: [{ b: 2 }, { a: 1, b: 2, c: 3 }],
  },
  {
    title: "allOf, anyOf and oneOf at once",
    schema: { allOf: [{ multipleOf: 2 }], anyOf: [{ multipleOf: 3 }], oneOf: [{ multipleOf: 5 }] },
    good: [30, 60],
    bad: [1, 2, 3, 5, 6, 10, 15],
  },
  {
    title: "not of an object",
    schema: { not: { type: "object", properties: { a: { type: "string" } } } },
    good: [1, { a: 1 }],
    bad: [{ a: "b" }, {}],
  },
  {
    title: "a property that is forbidden",
    schema: { properties: { a: { not: {} } } },
    good: [{ b: 1 }],
    bad: [{ a: 1 }],
  },
  {
    title: "references in references",
    schema: ref("C"),
    schemas: { A: { type: "integer" }, B: ref("A"), C: ref("B") },
    good: [5],
    bad: ["a"],
  },
  {
    title: "a property whose name is $ref",
    schema: { properties: { $ref: { type: "string" } } },
    good: [{ $ref: "a" }],
    bad: [{ $ref: 2 }],
  },
  {
    title: "references with escapes",
    schema: {
      properties: {
        tilde: { $ref: "#/components/schemas/X/properties/a~0b" },
        slash: { $ref: "#/components/schemas/X/properties/a~1b" },
        percent: { $ref: "#/components/schemas/X/properties/a%25b" },
      },
    },
    schemas: {
      X: {
        properties: { "a~b": { type: "integer" }, "a/b": { type: "integer" }, "a%b": { type: "integer" } },
      },
    },
    good: [{ tilde: 1, slash: 1, percent: 1 }],
    bad: [{ tilde: "1" }, { slash: "1" }, { percent: "1" }],
  },
  {
    title: "one schema twice at one place is no loop",
    schema: { allOf: [{ properties: { a: ref("Int") } }, { additionalProperties: ref("Int") }] },
    schemas: { Int: { type: "integer" } },
    good: [{ a: 1 }],
    bad: [{ a: "1" }],
  },
  {
    title: "a default changes nothing",
    schema: { required: ["a"], properties: { a: { type: "integer", default: 1 } } },
    good: [{ a: 1 }],
    bad: [{}],
  },
];

const oldOnly: readonly Case[] = [
  {
    title: "nullable, with the null that its enum has",
    schema: { type: "string", nullable: true, enum: ["a", null] },
    good: ["a", null],
    bad: ["b", 1],
  },
  {
    title: "nullable, without a null in its enum",
    schema: { type: "string", nullable: true, enum: ["a"] },
    good: ["a"],
    bad: [null, "b"],
  },
  { title: "nullable false", schema: { type: "string", nullable: false }, good: ["a"], bad: [null] },
  {
    title: "nullable properties and items",
    schema: {
      properties: {
        a: { type: "integer", nullable: true },
        b: { type: "array", items: { type: "string", nullable: true } },
      },
    },
    good: [{ a: null, b: ["a", null] }],
    bad: [{ a: "1" }, { b: [1] }, { b: null }],
  },
  {
    title: "a nullable object with what it requires",
    schema: { type: "object", nullable: true, required: ["a"] },
    good: [null, { a: 1 }],
    bad: [{}, []],
  },
  {
    title: "exclusiveMaximum beside maximum",
    schema: { maximum: 3, exclusiveMaximum: true },
    good: [2.2, "x"],
    bad: [3, 3.5],
  },
  {
    title: "exclusiveMinimum beside minimum",
    schema: { minimum: 1.1, exclusiveMinimum: true },
    good: [1.2],
    bad: [1.1, 0.6],
  },
  {
    title: "exclusive bounds that are false",
    schema: { minimum: 1, exclusiveMinimum: false, maximum: 3, exclusiveMaximum: false },
    good: [1, 3],
    bad: [0.9, 3.1],
  },
  {
    title: "exclusive without its bound says nothing",
    schema: { exclusiveMaximum: true, exclusiveMinimum: true },
    good: [1e9, -1e9],
    bad: [],
  },
  {
    title: "beside a reference nothing counts",
    schema: { properties: { a: { ...ref("List"), maxItems: 2 } } },
    schemas: { List: { type: "array" } },
    good: [{ a: [1, 2, 3] }],
    bad: [{ a: "x" }],
  },
].map((one): Case => ({ ...one, version: "3.0.3" }));

const conditions = (text: string): object => JSON.parse(text) as object;

const newOnly: readonly Case[] = [
  { title: "a schema that is true", schema: { properties: { a: true } }, good: [{ a: 1 }, {}], bad: [] },
  {
    title: "a schema that is false",
    schema: { properties: { a: false } },
    good: [{}, { b: 1 }],
    bad: [{ a: 1 }, { a: null }],
  },
  {
    title: "boolean schemas in allOf, anyOf, oneOf and not",
    schema: { allOf: [true], anyOf: [true, false], oneOf: [true, false], not: false },
    good: others,
    bad: [],
  },
  { title: "oneOf with two that are true", schema: { oneOf: [true, true, false] }, good: [], bad: others },
  { title: "items that are false", schema: { items: false }, good: [[], "x"], bad: [[1]] },
  {
    title: "a list of types",
    schema: { type: ["integer", "string"] },
    good: [1, "a"],
    bad: [1.1, true, null, [], {}],
  },
  {
    title: "not of several types",
    schema: { not: { type: ["integer", "boolean"] } },
    good: ["a", 1.5],
    bad: [1, true],
  },
  {
    title: "const of an object",
    schema: { const: { a: 1, b: [2] } },
    good: [{ b: [2], a: 1 }],
    bad: [{ a: 1 }, { a: 1, b: [2], c: 3 }, [1]],
  },
  {
    title: "const tells false from 0, and 1 from true",
    schema: { properties: { a: { const: false }, b: { const: 1 }, c: { const: null } } },
    good: [{ a: false, b: 1.0, c: null }],
    bad: [{ a: 0 }, { b: true }, { c: 0 }],
  },
  { title: "exclusiveMaximum as a number", schema: { exclusiveMaximum: 3 }, good: [2.2, "x"], bad: [3, 3.5] },
  {
    title: "both bounds",
    schema: { minimum: 1, exclusiveMinimum: 0, maximum: 3, exclusiveMaximum: 3 },
    good: [1, 2.9],
    bad: [0.5, 3],
  },
  {
    title: "prefixItems alone",
    schema: { prefixItems: [{ type: "integer" }, { type: "string" }] },
    good: [[1, "a"], [1], [], [1, "a", null], { 0: "x" }],
    bad: [["a", 1]],
  },
  {
    title: "prefixItems, and items behind them",
    schema: { prefixItems: [{}, {}], items: { type: "integer" } },
    good: [["x", "y", 1]],
    bad: [["x", "y", "z"]],
  },
  {
    title: "prefixItems, and nothing behind them",
    schema: { prefixItems: [{}, {}], items: false },
    good: [[1], [1, 2]],
    bad: [[1, 2, 3]],
  },
  { title: "contains", schema: { contains: { minimum: 5 } }, good: [[3, 5], "x", {}], bad: [[], [1, 2]] },
  { title: "contains of false", schema: { contains: false }, good: ["x"], bad: [[], [1]] },
  {
    title: "minContains and maxContains",
    schema: { contains: { const: 1 }, minContains: 2, maxContains: 3 },
    good: [
      [1, 1],
      [1, 2, 1, 1],
    ],
    bad: [[1], [1, 1, 1, 1], []],
  },
  { title: "minContains of 0", schema: { contains: { const: 1 }, minContains: 0 }, good: [[], [2]], bad: [] },
  {
    title: "minContains without contains",
    schema: { minContains: 2, maxContains: 0 },
    good: [[], [1]],
    bad: [],
  },
  {
    title: "propertyNames",
    schema: { propertyNames: { maxLength: 3, pattern: "^[a-z]" } },
    good: [{}, { foo: 1 }, [1]],
    bad: [{ foobar: 1 }, { F: 1 }],
  },
  {
    title: "patternProperties",
    schema: { patternProperties: { "f.*o": { type: "integer" } } },
    good: [{ foo: 1, fooooo: 2 }, { bar: "x" }, "foo"],
    bad: [{ foo: "bar" }, { foo: 1, fxo: "x" }],
  },
  {
    title: "several patternProperties",
    schema: { patternProperties: { "a*": { type: "integer" }, "aaa*": { maximum: 20 } } },
    good: [{ a: 21 }, { aaaa: 18 }, { a: 21, aaaa: 18 }],
    bad: [{ a: "bar" }, { aaaa: 31 }],
  },
  {
    title: "patternProperties are not anchored, and have cases",
    schema: { patternProperties: { "[0-9]{2,}": { type: "boolean" }, X_: { type: "string" } } },
    good: [{ "answer 1": "42" }, { a31b: true }, { a_x_3: 3 }],
    bad: [{ a31b: null }, { a_X_3: 3 }],
  },
  {
    title: "patternProperties of true and false",
    schema: { patternProperties: { "f.*": true, "b.*": false } },
    good: [{ foo: 1 }, {}],
    bad: [{ bar: 2 }, { foobar: 1 }],
  },
  {
    title: "properties, patternProperties and what is left",
    schema: {
      properties: { foo: { type: "array", maxItems: 3 } },
      patternProperties: { "f.o": { minItems: 2 } },
      additionalProperties: { type: "integer" },
    },
    good: [{ foo: [1, 2] }, { fxo: [1, 2] }, { quux: 3 }],
    bad: [{ foo: [] }, { foo: [1, 2, 3, 4] }, { fxo: [] }, { quux: "x" }],
  },
  {
    title: "dependentRequired",
    schema: { dependentRequired: { a: ["b", "c"], "x'y": ["z"], d: [] } },
    good: [{}, { a: 1, b: 1, c: 1 }, { d: 1 }, "a", ["a"]],
    bad: [{ a: 1, b: 1 }, { "x'y": 1 }],
  },
  {
    title: "dependentSchemas",
    schema: { dependentSchemas: { a: { properties: { b: { type: "integer" } } }, c: false } },
    good: [{ b: "x" }, { a: 1, b: 2 }, "a"],
    bad: [{ a: 1, b: "x" }, { c: 1 }],
  },
  { title: "if without then and else", schema: { if: { const: 0 } }, good: [0, 1], bad: [] },
  {
    title: "then without if",
    schema: conditions('{"then":{"const":0},"else":{"const":1}}'),
    good: [5],
    bad: [],
  },
  {
    title: "if, then, else",
    schema: conditions('{"if":{"exclusiveMaximum":0},"then":{"minimum":-10},"else":{"multipleOf":2}}'),
    good: [-1, 4, "x"],
    bad: [-100, 3],
  },
  {
    title: "conditions of allOf do not meddle",
    schema: {
      allOf: [
        { if: { exclusiveMaximum: 0 } },
        conditions('{"then":{"minimum":-10}}'),
        conditions('{"else":{"multipleOf":2}}'),
      ],
    },
    good: [-100, 3],
    bad: [],
  },
  {
    title: "unevaluatedProperties of properties beside it",
    schema: { properties: { a: {} }, patternProperties: { "^x": {} }, unevaluatedProperties: false },
    good: [{ a: 1, x1: 1 }],
    bad: [{ b: 1 }],
  },
  {
    title: "unevaluatedProperties by schema",
    schema: { properties: { a: {} }, unevaluatedProperties: { type: "string", minLength: 3 } },
    good: [{ a: 1, b: "abc" }],
    bad: [{ b: "a" }],
  },
  {
    title: "unevaluatedProperties behind additionalProperties",
    schema: { properties: { a: {} }, additionalProperties: true, unevaluatedProperties: false },
    good: [{ b: 1 }],
    bad: [],
  },
  {
    title: "unevaluatedProperties with anyOf",
    schema: {
      properties: { a: {} },
      anyOf: [
        { properties: { b: { const: "b" } }, required: ["b"] },
        { properties: { c: { const: "c" } }, required: ["c"] },
      ],
      unevaluatedProperties: false,
    },
    good: [
      { a: 1, b: "b" },
      { b: "b", c: "c" },
    ],
    bad: [
      { b: "b", c: "x" },
      { a: 1, b: "b", d: 1 },
    ],
  },
  {
    title: "unevaluatedProperties with oneOf",
    schema: {
      oneOf: [
        { properties: { b: { const: "b" } }, required: ["b"] },
        { properties: { c: { const: "c" } }, required: ["c"] },
      ],
      unevaluatedProperties: false,
    },
    good: [{ b: "b" }],
    bad: [{ b: "b", quux: 1 }],
  },
  {
    title: "unevaluatedProperties with not",
    schema: {
      not: { not: { properties: { b: { const: "b" } }, required: ["b"] } },
      unevaluatedProperties: false,
    },
    good: [],
    bad: [{ b: "b" }],
  },
  {
    title: "unevaluatedProperties with if, then, else",
    schema: {
      ...conditions(
        '{"if":{"properties":{"a":{"const":"then"}},"required":["a"]},"then":{"properties":{"b":{"type":"string"}},"required":["b"]},"else":{"properties":{"c":{"type":"string"}},"required":["c"]}}',
      ),
      unevaluatedProperties: false,
    },
    good: [{ a: "then", b: "x" }, { c: "x" }],
    bad: [
      { a: "then", b: "x", c: "x" },
      { a: "else", c: "x" },
    ],
  },
  {
    title: "unevaluatedProperties with dependentSchemas",
    schema: {
      properties: { a: {} },
      dependentSchemas: { a: { properties: { b: {} } } },
      unevaluatedProperties: false,
    },
    good: [{ a: 1, b: 1 }],
    bad: [{ b: 1 }],
  },
  {
    title: "unevaluatedProperties sees through references",
    schema: { $ref: "#/components/schemas/Base", properties: { a: {} }, unevaluatedProperties: false },
    schemas: { Base: { allOf: [ref("Deep")], properties: { b: {} } }, Deep: { properties: { c: {} } } },
    good: [{ a: 1, b: 1, c: 1 }],
    bad: [{ d: 1 }],
  },
  {
    title: "unevaluatedProperties of an outer schema only",
    schema: { allOf: [{ properties: { a: {} }, unevaluatedProperties: false }], properties: { b: {} } },
    good: [{ a: 1 }],
    bad: [{ a: 1, b: 1 }],
  },
  {
    title: "unevaluatedItems",
    schema: { prefixItems: [{ type: "string" }], unevaluatedItems: false },
    good: [["a"], []],
    bad: [["a", 1]],
  },
  {
    title: "unevaluatedItems behind items",
    schema: { items: { type: "string" }, unevaluatedItems: false },
    good: [["a", "b"]],
    bad: [[1]],
  },
  {
    title: "unevaluatedItems with anyOf",
    schema: {
      prefixItems: [{ const: "a" }],
      anyOf: [{ prefixItems: [true, { const: "b" }] }, { prefixItems: [true, true, { const: "c" }] }],
      unevaluatedItems: false,
    },
    good: [
      ["a", "b"],
      ["a", "b", "c"],
    ],
    bad: [
      ["a", "b", "c", "d"],
      ["a", "b", "x"],
    ],
  },
  {
    title: "unevaluatedItems with contains",
    schema: { prefixItems: [true], contains: { type: "string" }, unevaluatedItems: false },
    good: [
      [1, "a"],
      ["a", "b"],
    ],
    bad: [
      [1, 2],
      [1, 2, "a"],
    ],
  },
  {
    title: "unevaluatedItems by schema, with contains that is counted, and allOf",
    schema: {
      allOf: [{ prefixItems: [{ const: "first" }] }],
      contains: { type: "integer" },
      minContains: 2,
      maxContains: 3,
      unevaluatedItems: { type: "boolean" },
    },
    good: [
      ["first", 1, 2],
      ["first", true, 1, 2, false, 3],
    ],
    bad: [
      ["first", 1],
      ["first", 1, 2, 3, 4],
      ["first", 1, 2, "x"],
      ["other", 1, 2],
    ],
  },
  {
    title: "what is beside a reference counts",
    schema: { properties: { a: { ...ref("List"), maxItems: 2 } } },
    schemas: { List: { type: "array" } },
    good: [{ a: [1, 2] }],
    bad: [{ a: [1, 2, 3] }, { a: "x" }],
  },
  {
    title: "definitions of a schema's own",
    schema: { $ref: "#/components/schemas/X/$defs/Int" },
    schemas: { X: { $defs: { Int: { type: "integer" } } } },
    good: [1],
    bad: ["1"],
  },
  {
    title: "recursive references with unevaluatedProperties",
    schema: ref("Node"),
    schemas: {
      Node: { type: "object", properties: { next: ref("Node"), value: {} }, unevaluatedProperties: false },
    },
    good: [{ next: { next: { value: 1 } } }],
    bad: [{ next: { other: 1 } }, { other: 1 }],
  },
];

testCases([...shared.flatMap(both), ...oldOnly, ...newOnly]);
