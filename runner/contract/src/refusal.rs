//! What is wrong with a manifest: where, why, and what to write instead.

use std::fmt;

/// A place in a manifest, as its keys lead there.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At(Vec<String>);

impl At {
    /// The place that these keys lead to from the top.
    pub fn of<K: Into<String>>(keys: impl IntoIterator<Item = K>) -> Self {
        Self(keys.into_iter().map(Into::into).collect())
    }

    /// What stands below this place at a key, or at an index of a list.
    #[must_use]
    pub fn key(&self, key: impl fmt::Display) -> Self {
        let mut keys = self.0.clone();
        keys.push(key.to_string());
        Self(keys)
    }

    /// What stands at several keys below this place.
    #[must_use]
    pub fn keys<K: fmt::Display>(&self, keys: impl IntoIterator<Item = K>) -> Self {
        keys.into_iter().fold(self.clone(), |at, key| at.key(key))
    }

    /// The keys, from the top.
    #[must_use]
    pub fn path(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, key) in self.0.iter().enumerate() {
            let is_plain = key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
            match (index, is_plain) {
                (0, true) => write!(f, "{key}")?,
                (0, false) => write!(f, "{key:?}")?,
                (_, true) => write!(f, ".{key}")?,
                (_, false) => write!(f, ".{key:?}")?,
            }
        }
        Ok(())
    }
}

/// One thing that is wrong with a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The line of `plugin.toml`; none where it was read from a packed plugin.
    pub line: Option<usize>,
    /// Where it stands; empty where the document cannot be read that far.
    pub at: At,
    /// What is wrong.
    pub reason: String,
    /// What to write instead.
    pub mend: String,
}

impl Refusal {
    /// A refusal whose line is looked up later.
    pub fn new(at: At, reason: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { line: None, at, reason: reason.into(), mend: mend.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.at.path().is_empty() {
            write!(f, "{}: ", self.at)?;
        }
        write!(f, "{}; {}", self.reason, self.mend)
    }
}

/// Everything that is wrong with a manifest, in the order of its lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusals(Vec<Refusal>);

impl Refusals {
    /// Adds what is wrong at a place.
    pub(crate) fn add(&mut self, at: At, reason: impl Into<String>, mend: impl Into<String>) {
        let refusal = Refusal::new(at, reason, mend);
        if !self.0.contains(&refusal) {
            self.0.push(refusal);
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong, one by one.
    pub fn iter(&self) -> impl Iterator<Item = &Refusal> {
        self.0.iter()
    }

    /// Looks up the line of each, and sorts by it.
    pub(crate) fn locate(&mut self, line: impl Fn(&At) -> Option<usize>) {
        for refusal in &mut self.0 {
            refusal.line = refusal.line.or_else(|| line(&refusal.at));
        }
        self.0.sort_by_key(|refusal| refusal.line);
    }
}

impl From<Refusal> for Refusals {
    fn from(refusal: Refusal) -> Self {
        Self(vec![refusal])
    }
}

impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, refusal) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{refusal}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusals {}
