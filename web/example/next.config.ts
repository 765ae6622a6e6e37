import type { NextConfig } from "next";

import { SERVER_URL } from "./lib/addresses";

// Browsers see one site: what belongs to Usher is handed on to it. `/assets` is for the page that the link in
// the mail opens.
const USHER = ["/auth/:path*", "/sessions/:path*", "/profile/:path*", "/users/:path*", "/assets/:path*"];

const config: NextConfig = {
  rewrites: async () => USHER.map((source) => ({ source, destination: SERVER_URL + source })),
};

export default config;
