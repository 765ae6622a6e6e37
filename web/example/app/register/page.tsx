"use client";

import { useRouter } from "next/navigation";
import { RegisterForm } from "usher-react";

export default function Register() {
  const router = useRouter();
  return (
    <>
      <h1>Register</h1>
      <RegisterForm onRegistered={() => router.push("/verify")} />
    </>
  );
}
