//! What the plugin asks for.

use microsoft_graph::{AUTHORITY, TOKEN_PATH, ask_for_admin, authority_setting};
use pamrun_plugin::{Manifest, RecordAsk, RequestRule, SettingSchema, Step, Strategy};

const VAULT: &str = "{setting:key_vault}";

pub fn manifest() -> Manifest {
    let none: [&str; 0] = [];
    let manifest = Manifest::new("azure-key-vault-secret", env!("CARGO_PKG_VERSION"), Strategy::Deliver)
        .description("Hands the new value to a secret of an Azure Key Vault.")
        .record(RecordAsk::target(none));
    let manifest = authority_setting(ask_for_admin(manifest))
        .setting(
            SettingSchema::text("key_vault", "The host of the Key Vault, such as payroll.vault.azure.net.")
                .label("Azure Key Vault")
                .required(),
        )
        .setting(
            SettingSchema::text("secret_name", "The name of the secret: letters, digits and dashes.")
                .label("Azure Key Vault Secret Name")
                .required(),
        )
        .setting(SettingSchema::text(
            "field",
            "Which of the new values; needed where more than one is secret.",
        ))
        .setting(SettingSchema::text(
            "content_type",
            "The content type of the secret; without it, that of the version before.",
        ))
        .setting(
            SettingSchema::text(
                "id_field",
                "The new value that is the id of the credential; it becomes the tag CredentialId.",
            )
            .default("client_secret_id"),
        )
        .setting(
            SettingSchema::text(
                "expires_field",
                "The new value that says when the credential ends; the version then ends at that time, too.",
            )
            .default("expires"),
        );
    manifest
        .request(RequestRule::post(AUTHORITY, TOKEN_PATH))
        .request(RequestRule::get(VAULT, "/secrets/*"))
        .request(RequestRule::get(VAULT, "/deletedsecrets/*").during([Step::Preflight]))
        .request(RequestRule::put(VAULT, "/secrets/*").during([Step::Rotate]))
}
