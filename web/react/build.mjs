// One module for the browser. The directive makes it a client module where server components are known.

import { build } from "esbuild";

await build({
  entryPoints: ["src/index.ts"],
  outfile: "dist/index.js",
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  external: ["react"],
  banner: { js: '"use client";' },
  sourcemap: "linked",
  sourcesContent: true,
  legalComments: "none",
});
