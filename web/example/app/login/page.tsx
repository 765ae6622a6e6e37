import { SignIn } from "./sign-in";

export default async function Login({
  searchParams,
}: {
  searchParams: Promise<{ next?: string | string[] }>;
}) {
  const { next } = await searchParams;
  return (
    <>
      <h1>Sign in</h1>
      <SignIn next={typeof next === "string" ? next : undefined} />
    </>
  );
}
