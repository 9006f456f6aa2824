import assert from "node:assert/strict";
import { test } from "node:test";
import { OpenApiRig } from "./openapi-rig.suite.ts";

/**
 * The table of examples of OpenAPI's "Style Examples" (3.0.4, 3.1.1): `color` as "blue", as [blue, black, brown] and as
 * { R: 100, G: 200, B: 150 }. The schemas take no other value, so that what is read wrongly is refused.
 */
const empty = { type: "string", maxLength: 0 };
const text = { type: "string", enum: ["blue"] };
const list = { type: "array", items: { type: "string" }, minItems: 3, maxItems: 3 };
const colors = ["blue", "black", "brown"];
const array = { ...list, enum: [colors] };
const whole = (value: number) => ({ type: "integer", enum: [value] });
const object = {
  type: "object",
  properties: { R: whole(100), G: whole(200), B: whole(150) },
  required: ["R", "G", "B"],
  additionalProperties: false,
};

type In = "path" | "query" | "header" | "cookie";
type Row = readonly [In, string, boolean, object, string];

const rows: readonly Row[] = [
  ["path", "matrix", false, empty, ";color"],
  ["path", "matrix", false, empty, ";color="],
  ["path", "matrix", false, text, ";color=blue"],
  ["path", "matrix", false, array, ";color=blue,black,brown"],
  ["path", "matrix", false, object, ";color=R,100,G,200,B,150"],
  ["path", "matrix", true, empty, ";color"],
  ["path", "matrix", true, text, ";color=blue"],
  ["path", "matrix", true, array, ";color=blue;color=black;color=brown"],
  ["path", "matrix", true, object, ";R=100;G=200;B=150"],
  ["path", "label", false, empty, "."],
  ["path", "label", false, text, ".blue"],
  ["path", "label", false, array, ".blue,black,brown"],
  ["path", "label", false, object, ".R,100,G,200,B,150"],
  // As the tables of 3.0.0 to 3.1.0 had it.
  ["path", "label", false, array, ".blue.black.brown"],
  ["path", "label", false, object, ".R.100.G.200.B.150"],
  ["path", "label", true, empty, "."],
  ["path", "label", true, text, ".blue"],
  ["path", "label", true, array, ".blue.black.brown"],
  ["path", "label", true, object, ".R=100.G=200.B=150"],
  ["path", "simple", false, text, "blue"],
  ["path", "simple", false, array, "blue,black,brown"],
  ["path", "simple", false, object, "R,100,G,200,B,150"],
  ["path", "simple", true, text, "blue"],
  ["path", "simple", true, array, "blue,black,brown"],
  ["path", "simple", true, object, "R=100,G=200,B=150"],
  ["header", "simple", false, text, "blue"],
  ["header", "simple", false, array, "blue,black,brown"],
  ["header", "simple", false, array, "blue, black , brown"],
  ["header", "simple", false, empty, ""],
  ["header", "simple", false, object, "R,100,G,200,B,150"],
  ["header", "simple", true, empty, ""],
  ["header", "simple", true, text, "blue"],
  ["header", "simple", true, array, "blue,black,brown"],
  ["header", "simple", true, object, "R=100, G=200, B=150"],
  ["query", "form", false, empty, "color="],
  ["query", "form", false, text, "color=blue"],
  ["query", "form", false, array, "color=blue,black,brown"],
  ["query", "form", false, object, "color=R,100,G,200,B,150"],
  ["query", "form", true, empty, "color="],
  ["query", "form", true, text, "color=blue"],
  ["query", "form", true, array, "color=blue&color=black&color=brown"],
  ["query", "form", true, object, "R=100&G=200&B=150"],
  ["query", "spaceDelimited", false, array, "color=blue%20black%20brown"],
  ["query", "spaceDelimited", false, array, "color=blue+black+brown"],
  ["query", "spaceDelimited", false, object, "color=R%20100%20G%20200%20B%20150"],
  ["query", "spaceDelimited", true, array, "color=blue&color=black&color=brown"],
  ["query", "pipeDelimited", false, array, "color=blue%7Cblack%7Cbrown"],
  ["query", "pipeDelimited", false, array, "color=blue|black|brown"],
  ["query", "pipeDelimited", false, object, "color=R%7C100%7CG%7C200%7CB%7C150"],
  ["query", "pipeDelimited", true, array, "color=blue&color=black&color=brown"],
  ["query", "deepObject", true, object, "color[R]=100&color[G]=200&color[B]=150"],
  ["query", "deepObject", true, object, "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"],
  ["cookie", "form", false, empty, "color="],
  ["cookie", "form", true, empty, "color="],
  ["cookie", "form", false, text, "color=blue"],
  ["cookie", "form", false, array, "color=blue,black,brown"],
  ["cookie", "form", false, object, "color=R,100,G,200,B,150"],
  ["cookie", "form", true, text, "color=blue"],
];

const refused: readonly Row[] = [
  ["path", "matrix", false, text, ";colour=blue"],
  ["path", "matrix", false, text, "blue"],
  ["path", "matrix", false, array, ";color=blue;color=black;color=brown"],
  ["path", "matrix", true, text, ";color=blue;color=blue"],
  ["path", "matrix", true, object, ";R=100;G=200;B=150;A=1"],
  ["path", "matrix", true, object, ";R=100;R=100;G=200;B=150"],
  ["path", "label", false, text, "blue"],
  ["path", "label", true, array, ".blue,black,brown"],
  ["path", "simple", false, object, "R,100,G,200,B"],
  ["path", "simple", false, array, "blue%2Cblack%2Cbrown"],
  ["header", "simple", false, object, "R=100,G=200,B=150"],
  ["query", "form", false, array, "color=blue&color=black&color=brown"],
  ["query", "form", false, array, "color=blue%2Cblack%2Cbrown"],
  ["query", "form", true, array, "color=blue,black,brown"],
  ["query", "form", true, object, "R=100&G=200&B=150&A=1"],
  ["query", "form", true, object, "R=100&R=100&G=200&B=150"],
  ["query", "spaceDelimited", false, array, "color=blue,black,brown"],
  ["query", "pipeDelimited", false, array, "color=blue,black,brown"],
  ["query", "deepObject", true, object, "color[R]=100&color[G]=200&color[B]=150&color[A]=1"],
  ["query", "deepObject", true, object, "color[R]=100&color[R]=100&color[G]=200&color[B]=150"],
  ["query", "deepObject", true, object, "color.R=100&color.G=200&color.B=150"],
  ["cookie", "form", false, text, "color=blue; color=blue"],
  ["header", "simple", true, object, "R,100,G,200,B,150"],
  ["path", "simple", true, object, "R,100,G,200,B,150"],
  ["path", "label", true, object, ".R.100.G.200.B.150"],
  ["path", "label", false, object, ".R=100.G=200.B=150"],
  ["path", "matrix", false, object, ";R=100;G=200;B=150"],
  ["path", "matrix", true, object, ";color=R,100,G,200,B,150"],
  ["path", "matrix", true, array, ";color=blue,black,brown"],
  ["query", "form", false, object, "R=100&G=200&B=150"],
  ["query", "form", true, object, "color=R,100,G,200,B,150"],
  ["query", "spaceDelimited", false, array, "color=blue&color=black&color=brown"],
  ["query", "spaceDelimited", true, array, "color=blue%20black%20brown"],
  ["query", "spaceDelimited", false, object, "color=R,100,G,200,B,150"],
  ["query", "pipeDelimited", false, array, "color=blue&color=black&color=brown"],
  ["query", "pipeDelimited", true, array, "color=blue%7Cblack%7Cbrown"],
  ["query", "pipeDelimited", false, object, "color=R,100,G,200,B,150"],
  ["query", "deepObject", true, object, "R=100&G=200&B=150"],
  ["query", "deepObject", true, object, "color=R,100,G,200,B,150"],
];

async function verdictOf([place, style, explode, schema, sent]: Row): Promise<number> {
  const parameter = { name: "color", in: place, style, explode, required: true, schema };
  const path = place === "path" ? "/x/{color}" : "/x";
  const rig = new OpenApiRig({
    openapi: "3.1.1",
    info: {},
    paths: { [path]: { get: { parameters: [parameter], responses: {} } } },
  });
  const target = place === "path" ? `/x/${sent}` : place === "query" ? `/x?${sent}` : "/x";
  const headers: [string, string][] =
    place === "header" ? [["color", sent]] : place === "cookie" ? [["cookie", sent]] : [];
  return (await rig.request(target, { headers })).status;
}

for (const row of rows)
  test(`${row[0]}, ${row[1]}, explode ${row[2]}: ${row[4]}`, async () => {
    assert.equal(await verdictOf(row), 0);
  });

for (const row of refused)
  test(`${row[0]}, ${row[1]}, explode ${row[2]}, refused: ${row[4]}`, async () => {
    assert.equal(await verdictOf(row), 400);
  });
