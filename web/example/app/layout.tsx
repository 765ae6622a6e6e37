import type { Metadata } from "next";
import type { ReactNode } from "react";
import { UsherProvider } from "usher-react";
import "usher-react/styles.css";

import { Header } from "./header";
import "./globals.css";

export const metadata: Metadata = { title: "Usher example", description: "Register, verify, sign in" };

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <UsherProvider>
          <Header />
          <main>{children}</main>
        </UsherProvider>
      </body>
    </html>
  );
}
