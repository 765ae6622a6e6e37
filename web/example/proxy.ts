import type { NextRequest } from "next/server";

import { usher } from "./lib/usher";

export function proxy(request: NextRequest) {
  return usher.guard(request);
}

// The pages for people who are signed in.
export const config = { matcher: ["/account/:path*"] };
