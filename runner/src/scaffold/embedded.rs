//! The files that `build.rs` embeds: for each, its path in a project, and its text.

use crate::cli::Language;

mod generated {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

pub(super) type Files = &'static [(&'static str, &'static str)];

/// What a project in a language is made of.
pub(super) struct Parts {
    /// Goes to the project's root, with the plugin's name filled in.
    pub(super) template: Files,
    /// The SDK, with the paths that it has in the project.
    pub(super) sdk: Files,
    /// Goes to `wit`.
    pub(super) wit: Files,
    /// The manifest and the cases, which are the same in all languages; with the plugin's name filled in.
    pub(super) shared: Files,
}

pub(super) fn parts(language: Language) -> Parts {
    let (template, sdk, wit) = match language {
        Language::Rust => (generated::RUST_TEMPLATE, generated::RUST_SDK, generated::WIT),
        Language::Python => (generated::PYTHON_TEMPLATE, generated::PYTHON_SDK, generated::WIT),
        Language::Javascript => (generated::JAVASCRIPT_TEMPLATE, generated::JAVASCRIPT_SDK, generated::WIT),
        // Its bindings are among the SDK's files.
        Language::C => (generated::C_TEMPLATE, generated::C_SDK, &[] as Files),
    };
    Parts { template, sdk, wit, shared: generated::SHARED }
}
