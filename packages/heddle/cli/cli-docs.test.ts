import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { main } from "./main.ts";

const reference = readFileSync(new URL("../../../docs/reference/cli.md", import.meta.url), "utf8");

async function helpOf(command: string): Promise<string> {
  let text = "";
  const code = await main([...command.split(" "), "--help"], {
    out: (part) => (text += part),
    err: () => {},
    hasColor: false,
  });
  assert.equal(code, 0);
  return text;
}

for (const command of ["run", "check", "explain", "key create", "cache purge", "new filter", "import"]) {
  test(`docs/reference/cli.md has every option of ${command}, and no other`, async () => {
    const section = new RegExp(`\\n## \`heddle ${command}\\b[^]*?(?=\\n## |$)`).exec(reference)?.[0] ?? "";
    const options = (text: string) => new Set(text.match(/(?<=[\s`])--[a-z][a-z-]+/g));
    const documented = options(section);
    const offered = options((await helpOf(command)).replaceAll("--help", ""));
    assert.ok(offered.size > 0);
    assert.deepEqual(
      [...offered].filter((option) => !documented.has(option)),
      [],
    );
    assert.deepEqual(
      [...documented].filter((option) => !offered.has(option)),
      [],
    );
  });
}

test("a mistake in the command line ends with 2, help and version with 0", async () => {
  const run = async (...argv: string[]) => {
    let errors = "";
    const code = await main(argv, { out: () => {}, err: (part) => (errors += part), hasColor: false });
    return { code, errors };
  };
  assert.deepEqual(await run("--version"), { code: 0, errors: "" });
  assert.equal((await run("nonsense")).code, 2);
  assert.match(
    (await run("check", "/nowhere.yaml")).errors,
    /^heddle: \/nowhere\.yaml: no such file or folder\n.*--help/,
  );
});
