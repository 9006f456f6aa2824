import assert from "node:assert/strict";
import { test } from "node:test";
import { OpenApiRig } from "./openapi-rig.suite.ts";

/** A schema, and bodies that are as it says and that are not. */
export interface Case {
  readonly title: string;
  readonly version?: "3.0.3" | "3.1.0";
  readonly schema: object;
  readonly schemas?: object;
  readonly good: readonly unknown[];
  readonly bad: readonly unknown[];
  /** The same of bodies of responses, where they differ. */
  readonly goodOut?: readonly unknown[];
  readonly badOut?: readonly unknown[];
}

export const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** Each as a test, of bodies of requests and of responses. */
export function testCases(cases: readonly Case[]): void {
  for (const { title, version = "3.1.0", schema, schemas = {}, good, bad, goodOut, badOut } of cases) {
    const content = { "application/json": { schema } };
    const document = {
      openapi: version,
      info: {},
      paths: {
        "/": { post: { requestBody: { content }, responses: { "200": { description: "", content } } } },
      },
      components: { schemas },
    };
    test(`${version}: ${title}`, async () => {
      const rig = new OpenApiRig(document);
      for (const value of good)
        assert.equal(
          (await rig.request("/", { body: JSON.stringify(value) })).status,
          0,
          JSON.stringify(value),
        );
      for (const value of bad)
        assert.equal(
          (await rig.request("/", { body: JSON.stringify(value) })).status,
          400,
          JSON.stringify(value),
        );
      const answered = async (value: unknown) =>
        (await rig.response("/", { status: 200, body: JSON.stringify(value) }, { method: "POST" })).status;
      for (const value of goodOut ?? good) assert.equal(await answered(value), 0, JSON.stringify(value));
      for (const value of badOut ?? bad) assert.equal(await answered(value), 502, JSON.stringify(value));
    });
  }
}
