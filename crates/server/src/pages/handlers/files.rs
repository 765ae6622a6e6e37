//! The files pages load.

use axum::extract::{Path, Query};
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::pages::assets::{self, Asset};
use crate::web::problem::{Code, Problem};

/// Which version the page asked for.
#[derive(Debug, Deserialize)]
pub(super) struct Version {
    v: Option<String>,
}

/// `GET /assets/{name}`
pub(super) async fn asset(
    Path(name): Path<String>,
    Query(version): Query<Version>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asset = assets::asset(&name).ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok(answer(asset, version.v.as_deref(), &headers))
}

/// `GET /favicon.ico`: for whoever asks without having read a page.
pub(super) async fn icon(headers: HeaderMap) -> Result<Response, Problem> {
    let asset = assets::asset("logo.svg").ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok(answer(asset, None, &headers))
}

fn answer(asset: &'static Asset, version: Option<&str>, headers: &HeaderMap) -> Response {
    let common = [
        (CACHE_CONTROL, asset.cache_control(version)),
        (ETAG, asset.etag.as_str()),
    ];
    if headers
        .get(IF_NONE_MATCH)
        .is_some_and(|tag| tag.as_bytes() == asset.etag.as_bytes())
    {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let mut response = (common, [(CONTENT_TYPE, asset.content_type)], asset.bytes).into_response();
    if asset.gzip {
        response
            .headers_mut()
            .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}
