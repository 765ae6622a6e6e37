// The hooks and components are tested with both Reacts they are made for.

import { fileURLToPath } from "node:url";

import { defineConfig } from "vitest/config";

const older = (name: string): string =>
  fileURLToPath(new URL(`react-18/node_modules/${name}`, import.meta.url));

export default defineConfig({
  test: {
    projects: [
      { test: { name: "client", environment: "node", include: ["client/test/**/*.test.ts"] } },
      {
        test: {
          name: "react 19",
          environment: "jsdom",
          env: { REACT: "19" },
          include: ["react/test/**/*.test.tsx"],
        },
      },
      {
        resolve: {
          alias: [
            { find: /^react(\/.*)?$/, replacement: `${older("react")}$1` },
            { find: /^react-dom(\/.*)?$/, replacement: `${older("react-dom")}$1` },
          ],
        },
        test: {
          name: "react 18",
          environment: "jsdom",
          env: { REACT: "18" },
          include: ["react/test/**/*.test.tsx"],
        },
      },
    ],
  },
});
