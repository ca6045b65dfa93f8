//! Names that a pipeline keeps for itself: a variable of such a name is not set, or changes how the job runs.

use crate::cli::Handover;
use crate::dotenv::Dialect;

/// How many names one entry stands for.
enum Reserved {
    /// Every name that begins so.
    Prefix(&'static str),
    /// This one.
    Name(&'static str),
}
use Reserved::{Name, Prefix};

/// Variables of Azure Pipelines whose names begin so reach no task, whatever their capitals:
/// <https://learn.microsoft.com/azure/devops/pipelines/process/variables>.
const AZURE_HIDDEN: &[Reserved] =
    &[Prefix("endpoint"), Prefix("input"), Prefix("secret"), Prefix("path"), Prefix("securefile")];

/// What its agent sets: <https://learn.microsoft.com/azure/devops/pipelines/build/variables>.
const AZURE_OWN: &[Reserved] = &[
    Prefix("agent_"),
    Prefix("agent."),
    Prefix("build_"),
    Prefix("build."),
    Prefix("checks."),
    Prefix("common."),
    Prefix("environment."),
    Prefix("pipeline."),
    Prefix("release_"),
    Prefix("release."),
    Prefix("resources."),
    Prefix("strategy."),
    Prefix("system_"),
    Prefix("system."),
    Name("tf_build"),
];

/// What GitHub's runner sets, or takes from nobody:
/// <https://docs.github.com/actions/reference/workflows-and-actions/variables>.
const GITHUB_OWN: &[Reserved] = &[Prefix("github_"), Prefix("runner_"), Name("ci"), Name("node_options")];

/// What GitLab sets: <https://docs.gitlab.com/ci/variables/predefined_variables/>. Its names have capitals.
const GITLAB_OWN: &[Reserved] = &[
    Name("CI"),
    Prefix("CI_"),
    Prefix("GITLAB_USER_"),
    Name("GITLAB_CI"),
    Name("GITLAB_FEATURES"),
    Prefix("RUNNER_"),
    Prefix("FF_"),
];

impl Reserved {
    fn is(&self, name: &str) -> bool {
        match self {
            Prefix(prefix) => name.starts_with(prefix),
            Name(own) => name == *own,
        }
    }
}

/// Why a name cannot be that of a variable there.
pub(super) fn reason(to: Handover, name: &str) -> Option<&'static str> {
    let small = name.to_ascii_lowercase();
    let is_in = |list: &[Reserved], name: &str| list.iter().any(|reserved| reserved.is(name));
    match to {
        Handover::AzurePipelines { .. } if is_in(AZURE_HIDDEN, &small) => Some(
            "Azure Pipelines hands no task a variable whose name begins with endpoint, input, secret, path or securefile",
        ),
        Handover::AzurePipelines { .. } if is_in(AZURE_OWN, &small) => {
            Some("Azure Pipelines keeps names like it for what its agent sets")
        }
        Handover::Lines(Dialect::Github) if is_in(GITHUB_OWN, &small) => Some(
            "GitHub Actions keeps CI, NODE_OPTIONS and names that begin with GITHUB_ or RUNNER_ for itself",
        ),
        Handover::Lines(Dialect::Gitlab) if is_in(GITLAB_OWN, name) => Some(
            "GitLab keeps CI, GITLAB_CI, GITLAB_FEATURES and names that begin with CI_, GITLAB_USER_, RUNNER_ or FF_ for itself",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AZURE: Handover = Handover::AzurePipelines { multiline: false };
    const GITHUB: Handover = Handover::Lines(Dialect::Github);
    const GITLAB: Handover = Handover::Lines(Dialect::Gitlab);

    #[test]
    fn n18_a_pipeline_keeps_its_own_names() {
        for (to, names) in [
            (
                AZURE,
                &[
                    "SECRET_KEY",
                    "SecretKey",
                    "secret",
                    "INPUT_X",
                    "inputs",
                    "Endpoint_A",
                    "PATH",
                    "path.x",
                    "SecureFile-1",
                    "AGENT_X",
                    "Agent.Name",
                    "BUILD_ID",
                    "build.x",
                    "SYSTEM_ACCESSTOKEN",
                    "System.AccessToken",
                    "RELEASE_X",
                    "Pipeline.X",
                    "TF_BUILD",
                ][..],
            ),
            (
                GITHUB,
                &[
                    "GITHUB_TOKEN",
                    "github_x",
                    "RUNNER_TEMP",
                    "Runner_x",
                    "NODE_OPTIONS",
                    "node_options",
                    "CI",
                    "ci",
                ],
            ),
            (
                GITLAB,
                &["CI", "CI_JOB_TOKEN", "GITLAB_CI", "GITLAB_USER_LOGIN", "RUNNER_SCRIPT_TIMEOUT", "FF_X"],
            ),
        ] {
            for name in names {
                assert!(reason(to, name).is_some(), "{to:?}: {name}");
                for free in
                    [Handover::Json, Handover::Lines(Dialect::Dotenv), Handover::Lines(Dialect::Shell)]
                {
                    assert_eq!(reason(free, name), None, "{free:?}: {name}");
                }
            }
        }
    }

    #[test]
    fn n18_other_names_are_free() {
        for (to, names) in [
            (
                AZURE,
                &[
                    "MY_SECRET",
                    "DB_PASSWORD",
                    "PASSWORD",
                    "AGENT",
                    "builder",
                    "TF_VAR_x",
                    "GITHUB_TOKEN",
                    "CI",
                ][..],
            ),
            (GITHUB, &["MY_GITHUB_TOKEN", "CIPHER", "SECRET_KEY", "NODE_ENV", "RUNNER"]),
            (GITLAB, &["ci", "ci_x", "CIPHER", "GITLAB_TOKEN", "SECRET_KEY"]),
        ] {
            for name in names {
                assert_eq!(reason(to, name), None, "{to:?}: {name}");
            }
        }
    }
}
