import Link from "next/link";

export default function Home() {
  return (
    <>
      <h1>Welcome</h1>
      <p>
        This page is for everybody. <a href="/account">Your account</a> is for people who are signed in.
      </p>
      <p>
        New here? <Link href="/register">Register</Link>.
      </p>
    </>
  );
}
