// The packages as they are handed out: small, typed, complete, and in step with the server.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { SCHEMA, reference, typesOf } from "./generate.mjs";
import { readGuide } from "./guide.mjs";
import { WEB, run } from "./programs.mjs";

const USHER = process.env.USHER_TEST_PROGRAM;
const MOST_BYTES = 8 * 1000;

const read = (path) => readFile(join(WEB, path), "utf8");

test("m24_the_react_kit_takes_at_most_8_kb", async (context) => {
  const size = gzipSync(await readFile(join(WEB, "react/dist/index.js")), { level: 9 }).length;
  context.diagnostic(`usher-react: ${size} bytes gzipped`);
  assert.ok(size <= MOST_BYTES, `${size} bytes`);
});

test("m24_the_react_kit_needs_react_and_nothing_else", async () => {
  const { dependencies, peerDependencies } = JSON.parse(await read("react/package.json"));
  assert.equal(dependencies, undefined);
  assert.deepEqual(Object.keys(peerDependencies), ["react"]);
  const code = await read("react/dist/index.js");
  assert.ok(code.startsWith('"use client";'), "it is a client module");
  const imported = [...code.matchAll(/from\s*"([^"]+)"/g)].map(([, name]) => name);
  assert.deepEqual([...new Set(imported)].sort(), ["react", "react/jsx-runtime"]);
});

test("m24_no_declaration_says_any", async () => {
  for (const folder of ["client/dist", "react/dist/types"]) {
    const names = await readdir(join(WEB, folder), { recursive: true });
    const declarations = names.filter((name) => name.endsWith(".d.ts"));
    assert.ok(declarations.length > 5, `${folder} has declarations`);
    for (const name of declarations) {
      const text = await read(join(folder, name));
      const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      assert.doesNotMatch(code, /\bany\b/, `${folder}/${name}`);
    }
  }
});

test("m24_the_types_hold_for_an_application", async () => {
  await run("npx tsc -p kit-e2e/types");
});

test("m24_the_packages_hold_what_they_need_and_nothing_else", async () => {
  const printed = await run("npm pack --dry-run --json --ignore-scripts -w usher-client -w usher-react");
  const packs = Object.values(
    JSON.parse(printed.slice(printed.search(/^[[{]/m)).replace(/^npm warn.*$/gm, "")),
  );
  assert.equal(packs.length, 2);
  for (const { name, files } of packs) {
    const paths = files.map(({ path }) => path);
    const odd = paths.filter((path) => !/^(dist\/|package\.json$|README\.md$|styles\.css$)/.test(path));
    assert.deepEqual(odd, [], name);
    assert.ok(paths.includes("dist/index.js") && paths.includes("README.md"), name);
  }
});

test("m24_the_types_are_those_of_the_server", async () => {
  const stale = (await readFile(SCHEMA, "utf8")) !== (await typesOf(USHER));
  assert.ok(!stale, "web/client/src/schema.ts is out of date: node web/kit-e2e/generate.mjs --usher PATH");
});

test("m24_kit_and_guide_know_every_code_of_the_server", async () => {
  const listed = [...reference(USHER, "errors").matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code);
  assert.ok(listed.length > 20);
  const source = await read("client/src/problem.ts");
  const union = source.match(/type ProblemCode =([^;]+);/)[1];
  const known = [...union.matchAll(/"(\w+)"/g)].map(([, code]) => code);
  assert.deepEqual(known.sort(), [...listed].sort());
  const guide = await read("INTEGRATION_GUIDE.md");
  for (const code of listed) assert.ok(guide.includes(`\`${code}\``), `the guide says what ${code} means`);
});

test("m24_the_guide_shows_the_example_as_it_is", async () => {
  const own = new Set(["app/layout.tsx"]); // The example's has a header as well.
  const blocks = await readGuide("INTEGRATION_GUIDE.md", "Next.js");
  const shown = blocks.filter(({ file }) => file && !own.has(file));
  assert.ok(shown.length >= 9);
  for (const { file, text } of shown) assert.equal(text, await read(`example/${file}`), file);
});
