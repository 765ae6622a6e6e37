// Reads a guide as a person does: blocks of commands and of files, in their order.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const BLOCK = /^```(\w+)(?: title="([^"]+)")?\n([\s\S]*?)^```$/gm;

/** The blocks of one section: `{ language, file, text }`. Without `heading`: of the whole guide. */
export async function readGuide(name, heading) {
  const text = await readFile(fileURLToPath(new URL(`../${name}`, import.meta.url)), "utf8");
  const sections = text.split(/^## /m);
  const section = heading ? sections.find((one) => one.startsWith(`${heading}\n`)) : text;
  if (!section) throw new Error(`${name} has no section ${heading}`);
  return [...section.matchAll(BLOCK)].map(([, language, file, body]) => ({ language, file, text: body }));
}

/** The one block that is this file. */
export async function fileOf(name, file) {
  const blocks = await readGuide(name);
  const block = blocks.find((one) => one.file === file);
  if (!block) throw new Error(`${name} has no file ${file}`);
  return block.text;
}
