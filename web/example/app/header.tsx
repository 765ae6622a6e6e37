"use client";

import Link from "next/link";
import { useLogout, useUser } from "usher-react";

export function Header() {
  const { status, user } = useUser();
  const { logout, busy } = useLogout();
  return (
    <header>
      <Link href="/">Usher example</Link>
      <nav>
        {status === "signed-out" && (
          <>
            <Link href="/register">Register</Link>
            <Link href="/login">Sign in</Link>
          </>
        )}
        {user && (
          <>
            <a href="/account">{user.email}</a>
            <button disabled={busy} onClick={() => void logout().then(() => location.assign("/"))}>
              Sign out
            </button>
          </>
        )}
      </nav>
    </header>
  );
}
