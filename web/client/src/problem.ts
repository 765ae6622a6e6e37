// The one error of the kit: a refusal of the server, or no answer at all.

import type { FieldError } from "./types.js";

/** The stable names of refusals, as the server's reference lists them. */
export type ProblemCode =
  | "email_taken"
  | "passwords_differ"
  | "weak_password"
  | "username_taken"
  | "code_invalid"
  | "code_expired"
  | "registration_ambiguous"
  | "current_password_wrong"
  | "invalid_credentials"
  | "not_authenticated"
  | "session_ended"
  | "forbidden"
  | "not_verified"
  | "cross_site"
  | "not_found"
  | "method_not_allowed"
  | "already_verified"
  | "body_too_large"
  | "unsupported_media_type"
  | "invalid_input"
  | "request_timeout"
  | "too_many_requests"
  | "busy"
  | "internal";

/** `unreachable`: nothing answered, or what answered is not Usher. */
export type ErrorCode = ProblemCode | "unreachable";

const UNREACHABLE = "The server cannot be reached. Please try again.";

/** Why a call did not succeed. `message` is a plain sentence for people; programs read `code`. */
export class UsherError extends Error {
  override readonly name = "UsherError";
  /** Stable. A newer server may know codes that are not listed. */
  readonly code: ErrorCode | (string & {});
  /** The HTTP status; 0 when nothing answered. */
  readonly status: number;
  /** What is wrong with the input, field by field. */
  readonly fields: readonly FieldError[];
  /** Seconds to wait before another try, where the server says so. */
  readonly retryAfter: number | null;
  /** What to name when asking for help. */
  readonly requestId: string | null;

  constructor(code: string, message: string, more: UsherErrorDetails = {}) {
    super(message, { cause: more.cause });
    this.code = code;
    this.status = more.status ?? 0;
    this.fields = more.fields ?? [];
    this.retryAfter = more.retryAfter ?? null;
    this.requestId = more.requestId ?? null;
  }

  /** The sentence about one field of the request, if it is to blame. */
  field(name: string): string | undefined {
    return this.fields.find((error) => error.field === name)?.detail;
  }
}

/** What an error knows besides its code. */
export interface UsherErrorDetails {
  status?: number;
  fields?: readonly FieldError[];
  retryAfter?: number | null;
  requestId?: string | null;
  cause?: unknown;
}

/** True for errors of this kit, also when a page holds two copies of it. */
export function isUsherError(error: unknown): error is UsherError {
  return error instanceof Error && error.name === "UsherError";
}

/** Reads a refusal. Leaves the body of `response` unread for others. */
export async function readProblem(response: Response): Promise<UsherError> {
  const problem: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  const { status } = response;
  const retryAfter = Number(response.headers.get("retry-after")) || null;
  if (!isProblem(problem)) return new UsherError("unreachable", UNREACHABLE, { status, retryAfter });
  return new UsherError(problem.code, problem.detail, {
    status,
    retryAfter,
    fields: problem.errors ?? [],
    requestId: problem.request_id ?? null,
  });
}

/** What became of a request that got no answer. */
export function unreachable(cause: unknown): UsherError {
  return new UsherError("unreachable", UNREACHABLE, { cause });
}

interface ProblemBody {
  code: string;
  detail: string;
  request_id?: string;
  errors?: FieldError[];
}

function isProblem(body: unknown): body is ProblemBody {
  return typeof body === "object" && body !== null && "code" in body && "detail" in body;
}
