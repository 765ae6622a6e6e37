import { redirect } from "next/navigation";

import { usher } from "@/lib/usher";

import { Devices } from "./devices";

export default async function Account() {
  // The guard has looked at the token. Usher itself knows whether the session still lives.
  const user = await usher.user();
  if (!user) redirect("/login?next=/account");
  return (
    <>
      <h1>Your account</h1>
      <p>
        You are <strong>{user.email}</strong>
        {user.is_verified ? ", and your address is verified." : ". Please verify your address."}
      </p>
      <Devices />
    </>
  );
}
