// A server made of answers, for tests that must see every request.

/** What a test says to a request. */
export type Answer = Response | Promise<Response>;

/** Counts the requests and answers them by `method path`. */
export function fakeServer(routes: Record<string, (request: Request) => Answer>) {
  const asked: string[] = [];
  const requests: Request[] = [];
  return {
    asked,
    requests,
    async fetch(request: Request): Promise<Response> {
      const what = `${request.method} ${new URL(request.url).pathname}`;
      asked.push(what);
      requests.push(request.clone());
      const route = routes[what];
      return route ? route(request) : problem(404, "not_found");
    },
    count: (what: string) => asked.filter((one) => one === what).length,
  };
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}

export function problem(
  status: number,
  code: string,
  more: object = {},
  headers: Record<string, string> = {},
) {
  const detail = `It is ${code}.`;
  const body = { type: `urn:usher:error:${code}`, title: code, status, detail, message: detail, code };
  return json({ ...body, request_id: "5f0c", errors: [], ...more }, status, headers);
}

export const BASE = "http://usher.test";

export const ANN = {
  id: "01936f2e-5c1a-7b3e-9f00-3a1b2c3d4e5f",
  email: "ann@example.org",
  username: null,
  role: "user",
  is_verified: true,
  created_at: "2026-11-20T09:59:18Z",
};

/** What a sign-in or a renewal brings; `number` tells one from the next. */
export function signedIn(number: number) {
  return {
    access_token: `access-${number}`,
    refresh_token: `refresh-${number}`,
    token_type: "bearer",
    expires_in: 1800,
    session_id: "01936f2e-6a2b-7c4d-8e5f-0a1b2c3d4e5f",
    user: ANN,
  };
}
