//! The threats of the security rules, each held off over HTTP. Tests carry their ids.
