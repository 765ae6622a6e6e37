"use client";

import { LoginForm, localPath } from "usher-react";

export function SignIn({ next }: { next: string | undefined }) {
  return <LoginForm onSignedIn={() => location.assign(localPath(next, "/account"))} />;
}
