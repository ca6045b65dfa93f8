//! Who reads such files, and each reads them differently.

/// A program, or several that agree, and how it reads a file of environment variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Libraries for `.env` files. What they differ in is not written.
    Dotenv,
    /// `docker run --env-file`: a line is a variable, to the letter.
    Docker,
    /// The files that `GITHUB_ENV` and `GITHUB_OUTPUT` name.
    Github,
    /// A dotenv report of GitLab: `artifacts:reports:dotenv`.
    Gitlab,
    /// `EnvironmentFile=` of a systemd unit.
    Systemd,
    /// A POSIX shell: `set -a; . ./.env`.
    Shell,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Dotenv, Self::Docker, Self::Github, Self::Gitlab, Self::Systemd, Self::Shell];

    /// Returns the word that names it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Dotenv => "dotenv",
            Self::Docker => "docker",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Systemd => "systemd",
            Self::Shell => "shell",
        }
    }

    /// Finds the one that a word names.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.word() == word)
    }

    /// Who reads it, in a sentence.
    pub(super) fn reader(self) -> &'static str {
        match self {
            Self::Dotenv => "readers of .env files",
            Self::Docker => "`docker run --env-file`",
            Self::Github => "GitHub Actions",
            Self::Gitlab => "GitLab",
            Self::Systemd => "systemd",
            Self::Shell => "a shell",
        }
    }

    /// Whether a line is a variable to the letter: quotes belong to the value.
    pub(super) fn is_literal(self) -> bool {
        matches!(self, Self::Docker | Self::Github | Self::Gitlab)
    }

    /// Whether a carriage return before the line's end is no part of the value.
    pub(super) fn drops_carriage_return(self) -> bool {
        !matches!(self, Self::Github | Self::Shell)
    }
}

/// Tells whether a text can be a key, for whoever reads it.
#[must_use]
pub fn is_key(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !text.is_empty() && text.chars().all(is_word) && !text.starts_with(|c: char| c.is_ascii_digit())
}
