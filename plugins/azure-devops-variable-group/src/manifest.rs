//! What the plugin asks for.

use microsoft_graph::{AUTHORITY, TOKEN_PATH, ask_for_admin, authority_setting};
use pamrun_plugin::{Manifest, RecordAsk, RequestRule, SettingSchema, Step, Strategy};

/// The field of a record that holds a personal access token.
pub const PAT: &str = "azure_devops_pat";

const DEVOPS: &str = "{setting:devops}";

pub fn manifest() -> Manifest {
    let none: [&str; 0] = [];
    let manifest = Manifest::new("azure-devops-variable-group", env!("CARGO_PKG_VERSION"), Strategy::Deliver)
        .description("Hands the new value to a variable of an Azure DevOps variable group.")
        .record(RecordAsk::target(none))
        .record(RecordAsk::attached([PAT]).having([PAT]));
    let manifest = authority_setting(ask_for_admin(manifest))
        .setting(
            SettingSchema::text("devops", "The host of Azure DevOps; a bare host name.")
                .default("dev.azure.com"),
        )
        .setting(
            SettingSchema::text("organization", "The organization.")
                .label("Azure DevOps Organization")
                .required(),
        )
        .setting(SettingSchema::text("project", "The project.").label("Azure DevOps Project").required())
        .setting(
            SettingSchema::text("group", "The variable group, by its id or its name.")
                .label("Azure DevOps Variable Group")
                .required(),
        )
        .setting(SettingSchema::text("variable", "The variable.").label("Azure DevOps Variable").required())
        .setting(SettingSchema::text(
            "field",
            "Which of the new values; needed where more than one is secret.",
        ));
    manifest
        .request(RequestRule::post(AUTHORITY, TOKEN_PATH))
        .request(
            RequestRule::get(DEVOPS, "/*/*/_apis/distributedtask/variablegroups").during([Step::Preflight]),
        )
        .request(RequestRule::get(DEVOPS, "/*/*/_apis/distributedtask/variablegroups/*"))
        .request(RequestRule::put(DEVOPS, "/*/_apis/distributedtask/variablegroups/*").during([Step::Rotate]))
}
