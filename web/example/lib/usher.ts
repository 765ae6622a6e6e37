import { createNextUsher } from "usher-client/next";

import { PUBLIC_URL, SERVER_URL } from "./addresses";

export const usher = createNextUsher({ publicUrl: PUBLIC_URL, serverUrl: SERVER_URL });
