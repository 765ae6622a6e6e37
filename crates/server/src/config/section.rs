//! The one declaration of a section, from which its type, its defaults, its reading and its
//! description come.

use std::sync::LazyLock;

use toml::Value;

/// A key as people and the other sources see it.
pub(super) struct Key {
    /// Section and name, such as `server.listen`.
    pub(super) path: &'static str,
    /// What it means, a line each.
    pub(super) meaning: &'static [&'static str],
    /// What a value must be.
    pub(super) allowed: String,
    /// The range numbers and durations are held to.
    pub(super) range: Option<String>,
    /// Stands in the sample where there is no default.
    pub(super) example: &'static str,
    /// Gives bare text the type of the key.
    pub(super) from_text: fn(&str) -> Value,
}

impl Key {
    /// The name inside its section.
    pub(super) fn name(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }
}

/// A section as people see it.
pub(super) struct Section {
    /// Its heading.
    pub(super) path: &'static str,
    /// What it is about.
    pub(super) meaning: &'static [&'static str],
    /// Its keys, in the order they are shown.
    pub(super) keys: Vec<Key>,
}

/// All sections, made once.
pub(super) type Sections = LazyLock<Vec<Section>>;

/// Declares every section: `/// meaning`, path, field and type; then for each key `/// meaning`, name,
/// type, default, and the range it is held to.
macro_rules! sections {
    ($(
        $(#[doc = $about:literal])+
        [$path:literal] $field:ident: $vis:vis $section:ident {
            $(
                $(#[doc = $meaning:literal])+
                $key:ident: $kind:ty = $default:expr $(, $range:expr)?;
            )+
        }
    )+) => {
        $(
            $(#[doc = $about])+
            #[derive(Clone, Debug)]
            $vis struct $section {
                $($(#[doc = $meaning])+ $vis $key: $kind),+
            }

            impl Default for $section {
                fn default() -> Self {
                    Self { $($key: $default),+ }
                }
            }

            impl $section {
                fn read(values: &Values) -> Result<Self, ConfigError> {
                    let written = Self {
                        $($key: values.read(concat!($path, ".", stringify!($key)), $default)?),+
                    };
                    $($(values.hold(concat!($path, ".", stringify!($key)), &written.$key, &$range)?;)?)+
                    Ok(written)
                }
            }
        )+

        /// What was written, every value well formed by itself.
        #[derive(Default)]
        pub(super) struct Written {
            $(pub(super) $field: $section),+
        }

        impl Written {
            /// Types every value; the first that does not fit is the error.
            pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
                Ok(Self { $($field: $section::read(values)?),+ })
            }

            /// Every key with its value for people to see, secrets masked.
            pub(super) fn shown(&self) -> Vec<(&'static str, Option<Value>)> {
                vec![$($((concat!($path, ".", stringify!($key)), self.$field.$key.write())),+),+]
            }
        }

        /// Every section with its keys.
        pub(super) static SECTIONS: Sections = Sections::new(|| vec![$(
            Section {
                path: $path,
                meaning: &[$($about),+],
                keys: vec![$(Key {
                    path: concat!($path, ".", stringify!($key)),
                    meaning: &[$($meaning),+],
                    allowed: <$kind as Kind>::allowed(),
                    range: None $(.or_else(|| Some(spoken(&$range))))?,
                    example: <$kind as Kind>::EXAMPLE,
                    from_text: <$kind as Kind>::from_text,
                }),+],
            }
        ),+]);
    };
}
pub(super) use sections;
