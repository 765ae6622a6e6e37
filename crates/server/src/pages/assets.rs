//! The files pages load, carried in the program: style sheet, scripts, logo, and the vendored documentation
//! viewers. An address carries a hash of the content, so a browser may keep a file for ever.

use std::sync::LazyLock;

use usher_accounts::keys::sha256;

/// For an address that names the content: it can never change.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// For an address without it: ask each time, the tag makes that cheap.
const REVALIDATE: &str = "no-cache";

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";
const TEXT: &str = "text/plain; charset=utf-8";

/// One file.
#[derive(Debug)]
pub struct Asset {
    /// Its name under `/assets/`.
    pub name: &'static str,
    /// The content, compressed when `gzip` says so.
    pub bytes: &'static [u8],
    /// The media type.
    pub content_type: &'static str,
    /// Whether `bytes` are gzip, to be sent with `Content-Encoding: gzip`.
    pub gzip: bool,
    /// A strong entity tag, quotes included.
    pub etag: String,
}

impl Asset {
    fn new(name: &'static str, content_type: &'static str, gzip: bool, bytes: &'static [u8]) -> Self {
        let hash = sha256(bytes)[..8]
            .iter()
            .fold(0, |hash: u64, byte| hash << 8 | u64::from(*byte));
        let etag = format!("\"{hash:016x}\"");
        Self {
            name,
            bytes,
            content_type,
            gzip,
            etag,
        }
    }

    /// The hash of the content, as it stands in the address.
    pub fn version(&self) -> &str {
        self.etag.trim_matches('"')
    }

    /// The value of `Cache-Control` for a request that asked for this version, another one, or none.
    pub fn cache_control(&self, version: Option<&str>) -> &'static str {
        if version == Some(self.version()) {
            IMMUTABLE
        } else {
            REVALIDATE
        }
    }
}

macro_rules! file {
    ($name:literal, $content_type:expr) => {
        Asset::new(
            $name,
            $content_type,
            false,
            include_bytes!(concat!("../../assets/", $name)),
        )
    };
    (vendor $name:literal, $content_type:expr) => {
        Asset::new(
            $name,
            $content_type,
            false,
            include_bytes!(concat!("../../assets/vendor/", $name)),
        )
    };
    (vendor gzip $name:literal, $content_type:expr) => {
        Asset::new(
            $name,
            $content_type,
            true,
            include_bytes!(concat!("../../assets/vendor/", $name, ".gz")),
        )
    };
}

static ASSETS: LazyLock<[Asset; 20]> = LazyLock::new(|| {
    [
        file!("app.css", CSS),
        file!("app.js", SCRIPT),
        file!("docs.css", CSS),
        file!("logo.svg", SVG),
        file!("link.css", CSS),
        file!("link.js", SCRIPT),
        file!("link-draw.js", SCRIPT),
        file!("link-me.js", SCRIPT),
        file!("link-picture.js", SCRIPT),
        file!("link-words.js", SCRIPT),
        file!("swagger-ui.js", SCRIPT),
        file!("redoc.js", SCRIPT),
        file!(vendor gzip "swagger-ui-bundle.js", SCRIPT),
        file!(vendor gzip "swagger-ui.css", CSS),
        file!(vendor gzip "redoc.standalone.js", SCRIPT),
        file!(vendor "swagger-ui.LICENSE.txt", TEXT),
        file!(vendor "swagger-ui.NOTICE.txt", TEXT),
        file!(vendor "swagger-ui-bundle.js.LICENSE.txt", TEXT),
        file!(vendor "redoc.LICENSE.txt", TEXT),
        file!(vendor "redoc.standalone.js.LICENSE.txt", TEXT),
    ]
});

/// All files.
pub fn all() -> &'static [Asset] {
    ASSETS.as_slice()
}

/// The file of that name.
pub fn asset(name: &str) -> Option<&'static Asset> {
    all().iter().find(|asset| asset.name == name)
}

/// The address of a file, with the hash of its content.
pub fn url(name: &str) -> Option<String> {
    asset(name).map(|asset| format!("/assets/{name}?v={}", asset.version()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_names_the_content_may_be_kept_for_ever() {
        let css = asset("app.css").unwrap();
        assert_eq!(
            url("app.css").unwrap(),
            format!("/assets/app.css?v={}", css.version())
        );
        assert_eq!(css.version().len(), 16);
        assert_eq!(css.cache_control(Some(css.version())), IMMUTABLE);
        assert_eq!(css.cache_control(Some("0000000000000000")), REVALIDATE);
        assert_eq!(css.cache_control(None), REVALIDATE);
    }

    #[test]
    fn only_known_names_are_files() {
        for name in ["", "vendor/README.md", "../Cargo.toml", "app.css/", "APP.CSS"] {
            assert!(asset(name).is_none(), "{name}");
        }
    }

    #[test]
    fn what_says_gzip_is_gzip() {
        for asset in all() {
            assert_eq!(
                asset.bytes.starts_with(&[0x1f, 0x8b]),
                asset.gzip,
                "{}",
                asset.name
            );
        }
    }
}
