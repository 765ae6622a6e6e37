// Where the tokens of token mode are kept. In cookie mode there is nothing to keep.

/** Both tokens of a session. */
export interface Tokens {
  access: string;
  refresh: string;
}

/** Keeps the tokens. Read before every request, so tabs may share one. */
export interface TokenStore {
  read(): Tokens | null;
  write(tokens: Tokens | null): void;
}

/** Until the page is left: a script that gets into the page later finds nothing on the disk. */
export function tokensInMemory(): TokenStore {
  let kept: Tokens | null = null;
  return {
    read: () => kept,
    write: (tokens) => {
      kept = tokens;
    },
  };
}

/**
 * In `localStorage` or `sessionStorage`, so that a reload stays signed in. Every script of the page can
 * read them there: prefer cookie mode wherever the page and the server share a site.
 */
export function tokensIn(storage: Storage, key = "usher.tokens"): TokenStore {
  return {
    read() {
      const text = storage.getItem(key);
      return text ? (JSON.parse(text) as Tokens) : null;
    },
    write(tokens) {
      if (tokens) storage.setItem(key, JSON.stringify(tokens));
      else storage.removeItem(key);
    },
  };
}
