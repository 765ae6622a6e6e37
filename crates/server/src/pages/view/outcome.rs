//! Pages that tell how something ended, and the documentation of the API.

use serde::Serialize;

/// The right code was entered.
#[derive(Clone, Debug, Serialize)]
pub struct Verified {
    /// The address, as typed.
    pub email: String,
    /// Whether this browser is signed in now.
    pub signed_in: bool,
}

/// Something went wrong.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// The status of the answer.
    pub status: u16,
    /// In a few words.
    pub title: String,
    /// In a plain sentence.
    pub sentence: String,
    /// What to name when asking for help.
    pub request_id: Option<String>,
    /// Where to go from here.
    pub way_out: WayOut,
}

/// A link that is part of the program, so that no stored text ever becomes an address.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct WayOut {
    /// The path.
    pub href: &'static str,
    /// The words.
    pub label: &'static str,
}

impl WayOut {
    /// To the first page.
    pub const HOME: Self = Self {
        href: "/",
        label: "Back to the start",
    };
    /// To the login form.
    pub const LOGIN: Self = Self {
        href: "/login",
        label: "Sign in",
    };
    /// To the code entry.
    pub const VERIFY: Self = Self {
        href: "/verify",
        label: "Ask for a new code",
    };
}

/// A viewer of the API's description.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ApiDocs {
    title: &'static str,
    style: Option<&'static str>,
    viewer: &'static str,
    start: &'static str,
}

impl ApiDocs {
    /// Swagger UI, at `/docs`.
    pub const SWAGGER_UI: Self = Self {
        title: "API documentation",
        style: Some("swagger-ui.css"),
        viewer: "swagger-ui-bundle.js",
        start: "swagger-ui.js",
    };
    /// ReDoc, at `/redoc`.
    pub const REDOC: Self = Self {
        title: "API reference",
        style: None,
        viewer: "redoc.standalone.js",
        start: "redoc.js",
    };
}
