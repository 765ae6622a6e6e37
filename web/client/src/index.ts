// The whole API by its paths, over the same signed-in requests as the stories.

import createClient, { type Client } from "openapi-fetch";

import type { paths } from "./schema.js";
import type { Usher } from "./usher.js";

export * from "./core.js";
export type { components, paths } from "./schema.js";

/** Every path of the server, typed. A refusal is thrown as an `UsherError`. */
export type Api = Client<paths>;

/** The API's paths, asked in the name of who is signed in at `usher`. */
export function createApi(usher: Usher): Api {
  return createClient<paths>({ baseUrl: usher.baseUrl, fetch: (request) => usher.fetch(request) });
}

/** The data of an answer: `await data(api.GET("/users"))`. */
export async function data<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}
