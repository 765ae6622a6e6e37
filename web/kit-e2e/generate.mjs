// Writes the client's types from what the server says of itself: `node generate.mjs --usher PATH`.

import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import openapiTS, { COMMENT_HEADER, astToString } from "openapi-typescript";

export const SCHEMA = fileURLToPath(new URL("../client/src/schema.ts", import.meta.url));

/** The types of the API that this program serves. */
export async function typesOf(usher) {
  const description = JSON.parse(reference(usher, "openapi"));
  return COMMENT_HEADER + astToString(await openapiTS(description));
}

/** A page of the program's reference. */
export function reference(usher, page) {
  return execFileSync(usher, ["reference", page], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { usher: { type: "string" } } });
  if (!values.usher) throw new Error("say which program: node generate.mjs --usher PATH");
  await writeFile(SCHEMA, await typesOf(values.usher));
  console.log("wrote web/client/src/schema.ts");
}
