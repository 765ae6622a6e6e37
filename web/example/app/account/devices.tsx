"use client";

import { useEffect } from "react";
import { SessionManager, useUser } from "usher-react";

export function Devices() {
  const { status } = useUser();
  useEffect(() => {
    if (status === "signed-out") location.assign("/login?next=/account");
  }, [status]);
  return <SessionManager />;
}
