//! One request for a page: who looks, what they are told, and how a page or a redirect leaves.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::{
    CONTENT_SECURITY_POLICY, RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE, X_FRAME_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{AppendHeaders, Html, IntoResponse, Redirect, Response};
use usher_store::registrations::Registration;
use usher_store::sessions::Signed;

use super::told::Told;
use crate::api::sign_in::signed_out;
use crate::app::App;
use crate::pages::view::{Frame, Notice, View, Viewer};
use crate::web::asker::Asker;
use crate::web::cookies::Purpose;
use crate::web::problem::{Code, Problem};

/// One request for a page.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) app: App,
    pub(super) asker: Asker,
    pub(super) visitor: Visitor,
    told: Option<Told>,
}

/// Who looks at a page.
#[derive(Debug)]
pub(super) enum Visitor {
    /// Somebody signed in. The cookie is set where the access token had run out and the refresh token
    /// still stands for a live session: looking at a page must not use that one up.
    Signed {
        caller: Arc<Signed>,
        fresh_cookie: Option<String>,
    },
    /// Somebody whose session is over.
    Lapsed,
    /// Anybody.
    Stranger,
}

/// A visit of somebody who is signed in; others are sent to sign in.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) visit: Visit,
    pub(super) caller: Arc<Signed>,
}

impl FromRequestParts<App> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let asker = Asker::of(parts, app);
        Ok(Self {
            app: app.clone(),
            visitor: visitor(app, &asker).await?,
            asker,
            told: Told::read(parts.uri.query()),
        })
    }
}

impl FromRequestParts<App> for Member {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, app)
            .await
            .map_err(IntoResponse::into_response)?;
        match &visit.visitor {
            Visitor::Signed { caller, .. } => Ok(Self {
                caller: Arc::clone(caller),
                visit,
            }),
            Visitor::Lapsed => {
                let login = Redirect::to(&Told::Ended.at("/login"));
                Err((signed_out(app), login).into_response())
            }
            Visitor::Stranger => Err(Redirect::to("/login").into_response()),
        }
    }
}

async fn visitor(app: &App, asker: &Asker) -> Result<Visitor, Problem> {
    let ended = match asker.caller(app).await {
        Ok(caller) => {
            return Ok(Visitor::Signed {
                caller,
                fresh_cookie: None,
            });
        }
        Err(problem) => match problem.code {
            Code::SessionEnded => true,
            Code::NotAuthenticated => false,
            _ => return Err(problem),
        },
    };
    let Some(refresh) = asker.cookies.get(Purpose::Refresh) else {
        return Ok(if ended { Visitor::Lapsed } else { Visitor::Stranger });
    };
    let Some(caller) = app.usher.session_of_refresh(refresh).await? else {
        return Ok(Visitor::Lapsed);
    };
    asker.notes.account(caller.person_id);
    let token = app.usher.access_token(&caller)?;
    let cookie = app
        .cookies
        .set(Purpose::Access, &token, app.usher.policy.access_ttl);
    Ok(Visitor::Signed {
        caller,
        fresh_cookie: Some(cookie),
    })
}

impl Visit {
    /// The person signed in.
    pub(super) fn caller(&self) -> Option<&Signed> {
        match &self.visitor {
            Visitor::Signed { caller, .. } => Some(caller),
            Visitor::Lapsed | Visitor::Stranger => None,
        }
    }

    /// The registration this browser holds the handle of, while it waits.
    pub(super) async fn registration(&self) -> Result<Option<Registration>, Problem> {
        match self.asker.handle(None) {
            Some(handle) => Ok(self.app.usher.registration_of(handle.id, &handle.secret).await?),
            None => Ok(None),
        }
    }

    /// A page, with what has just happened.
    pub(super) fn page(&self, view: &View) -> Result<Response, Problem> {
        self.render(StatusCode::OK, self.told.map(Told::notice), view)
    }

    /// A page that says what something has come to.
    pub(super) fn outcome(&self, status: StatusCode, view: &View) -> Result<Response, Problem> {
        self.render(status, None, view)
    }

    /// A form again, with the status of what was wrong with it.
    pub(super) fn refused(
        &self,
        problem: &Problem,
        notice: Option<Notice>,
        view: &View,
    ) -> Result<Response, Problem> {
        let status = problem.code.status();
        let mut response = self.render(status, notice, view)?;
        let headers = response.headers_mut();
        if let Some(seconds) = problem.retry_seconds() {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        Ok(response)
    }

    /// Another page, after a form has done its work.
    pub(super) fn to(&self, path: &str) -> Response {
        (self.fresh_cookie(), Redirect::to(path)).into_response()
    }

    fn render(&self, status: StatusCode, notice: Option<Notice>, view: &View) -> Result<Response, Problem> {
        let frame = Frame {
            now: self.app.usher.now().into(),
            viewer: self.caller().map(|caller| Viewer {
                email: caller.email.clone(),
            }),
            development: self.app.settings.is_development(),
            link: self.app.link.is_some(),
            notice,
        };
        let html = self.app.templates.render(&frame, view).map_err(|error| {
            tracing::error!(%error, "a page cannot be shown");
            Problem::new(Code::Internal)
        })?;
        let guards = [
            (CONTENT_SECURITY_POLICY, view.policy()),
            (X_FRAME_OPTIONS, "DENY"),
        ];
        Ok((status, guards, self.fresh_cookie(), Html(html)).into_response())
    }

    fn fresh_cookie(&self) -> AppendHeaders<Option<(axum::http::HeaderName, String)>> {
        let cookie = match &self.visitor {
            Visitor::Signed { fresh_cookie, .. } => fresh_cookie.clone(),
            Visitor::Lapsed | Visitor::Stranger => None,
        };
        AppendHeaders(cookie.map(|cookie| (SET_COOKIE, cookie)))
    }
}
