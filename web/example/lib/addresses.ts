// Where Next.js reaches Usher, and where browsers reach this site. The second one is also what Usher knows as its
// `server.public_url`.

export const SERVER_URL = process.env.USHER_SERVER_URL ?? "http://127.0.0.1:8000";
export const PUBLIC_URL = process.env.PUBLIC_URL ?? "http://localhost:3000";
