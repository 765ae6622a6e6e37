"use client";

import { useRouter } from "next/navigation";
import { VerifyForm } from "usher-react";

export default function Verify() {
  const router = useRouter();
  return (
    <>
      <h1>Verify your address</h1>
      {/* A full load: nothing that was rendered for a stranger stays. */}
      <VerifyForm
        onVerified={(user) => location.assign(user ? "/account" : "/login")}
        onStartOver={() => router.push("/register")}
      />
    </>
  );
}
