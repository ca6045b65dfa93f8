//! Plugins that do what no plugin should: each is stopped, named, and told by the right word.

mod bench;
mod calls;
mod manifests;
mod sandbox;
mod words;
