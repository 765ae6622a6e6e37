//! Content security policies: what each kind of answer may load and do. Nothing inline, nothing from outside;
//! the exceptions are named.

/// Every page of the product.
pub const PAGE: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The page of one mail, which frames the mail's HTML.
pub const MESSAGE: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
     connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The HTML of a mail itself: may style itself, may do nothing.
pub const MAIL_BODY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
     form-action 'none'; frame-ancestors 'self'; base-uri 'none'";

/// Swagger UI and ReDoc: both write styles into the page, and ReDoc searches in a worker.
pub const API_DOCS: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; \
     img-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'";
