//! Why a file is no plugin of contract 1.0, and what its author should do.

use crate::rotation::clean;

/// Why a file is no plugin of contract 1.0.
#[derive(Debug, thiserror::Error)]
pub enum GuestError {
    /// It is not WebAssembly.
    #[error("this is {what}, not WebAssembly; give the .wasm file that the plugin is built to")]
    NotWasm {
        /// What it seems to be.
        what: &'static str,
    },
    /// It is WebAssembly, but not whole or not valid.
    #[error("the WebAssembly file is damaged: {0}; build it again")]
    Damaged(String),
    /// It is a program.
    #[error(
        "this is a WebAssembly program, with a main function; a plugin is a library: build it with \
         crate-type = [\"cdylib\"] (Rust) or -mexec-model=reactor (C)"
    )]
    Program,
    /// It was made for something else.
    #[error(
        "this WebAssembly file does not export pamrun:plugin/rotation@1.0.0, it exports {}; build it with one of \
         pamrun's SDKs, or against the world `rotator` of wit/v1",
        listed(.exports)
    )]
    AnotherWorld {
        /// What it exports.
        exports: Vec<String>,
    },
    /// It was made for another version of the contract.
    #[error(
        "the plugin is built for version {} of pamrun:plugin/rotation, and this pamrun speaks 1.0.0; build it with \
         the SDK of this pamrun", clean(.found, 100)
    )]
    AnotherVersion {
        /// The version that it exports.
        found: String,
    },
    /// It lacks steps.
    #[error(
        "the plugin exports pamrun:plugin/rotation@1.0.0 without {}; all five steps must be there: implement what \
         is missing, or build the plugin with an SDK, which brings all of them",
        listed(.missing)
    )]
    StepsMissing {
        /// The steps that it lacks.
        missing: Vec<&'static str>,
    },
    /// It wants to send HTTP itself.
    #[error(
        "the plugin imports {}, and no plugin sends HTTP itself: it calls the requests that its plugin.toml \
         declares, by name, with `call`. Build it without what fetches; componentize-js (StarlingMonkey) imports \
         it unless it is given `disableFeatures: ['http', 'fetch-event']`",
        listed(.imports)
    )]
    Http {
        /// What of it.
        imports: Vec<String>,
    },
    /// It imports something that nobody has for it.
    #[error(
        "the plugin imports {}, which pamrun does not give: there are pamrun:plugin/http and log in version 1.0.0, \
         and WASI 0.2; build it without what needs {}",
        listed(.imports), if .imports.len() == 1 { "that import" } else { "those imports" }
    )]
    NotGiven {
        /// What it imports.
        imports: Vec<String>,
    },
    /// What it imports or exports has the right name and another type.
    #[error(
        "the plugin's types are not those of pamrun:plugin@1.0.0: {0}; build it with the SDK of this pamrun, or \
         against its wit/v1"
    )]
    OtherTypes(String),
    /// It could not be made a component.
    #[error(
        "the core module cannot be made a component: {0}; build it against the world `rotator` of wit/v1, or for \
         wasm32-wasip2, which yields a component"
    )]
    NotAdaptable(String),
}

impl GuestError {
    /// A stable kebab-case word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotWasm { .. } => "not-wasm",
            Self::Damaged(_) => "damaged",
            Self::Program => "not-a-library",
            Self::AnotherWorld { .. } => "another-world",
            Self::AnotherVersion { .. } => "another-version",
            Self::StepsMissing { .. } => "steps-missing",
            Self::Http { .. } => "http-imported",
            Self::NotGiven { .. } => "import-not-granted",
            Self::OtherTypes(_) => "other-types",
            Self::NotAdaptable(_) => "not-adaptable",
        }
    }
}

/// Names for people: at most five, so that a plugin with many does not flood the message.
fn listed(names: &[impl AsRef<str>]) -> String {
    const MOST: usize = 5;
    let mut shown: Vec<_> =
        names.iter().take(MOST).map(|name| format!("`{}`", clean(name.as_ref(), 100))).collect();
    let last = match names.len().saturating_sub(MOST) {
        0 => shown.pop(),
        more => Some(format!("{more} more")),
    };
    match last {
        None => "nothing".to_owned(),
        Some(last) if shown.is_empty() => last,
        Some(last) => format!("{} and {last}", shown.join(", ")),
    }
}
