// Removes what an earlier build left in the folder it runs in: `node clean.mjs dist`.

import { rmSync } from "node:fs";

for (const folder of process.argv.slice(2)) rmSync(folder, { recursive: true, force: true });
