//! The files under `examples/` do what they say.

use std::path::PathBuf;

use pamrun_tests::azure::{ADMIN_ROLE, Azure};
use pamrun_tests::cloud::{App, Cloud, Issued, Sovereign};
use pamrun_tests::gateway::{Exec, Gateway, Run, plugin};
use pamrun_tests::record::{Record, Shown, text};
use serde_json::Value;
use sha2::{Digest, Sha256};

fn example(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name);
    std::fs::read_to_string(&path).unwrap()
}

/// The line that `pamrun params encode` makes of an example.
fn line(gateway: &Gateway, folder: &str) -> Vec<u8> {
    let params = gateway.write_input("params.json", example(&format!("{folder}/params.json")));
    let encode = gateway.command(&["params", "encode"]).argument(params).capture_secret_stdout();
    let encoded = encode.run(Vec::new);
    assert_eq!(encoded.exit, Some(0), "{encoded}");
    encoded.stdout.into_bytes()
}

/// The cloud that the Azure example speaks of, and a gateway with its vault.
struct Bench {
    cloud: Cloud,
    gateway: Gateway,
    target: App,
    old: Issued,
    record: Value,
}

impl Bench {
    fn new() -> Self {
        let (cloud, gateway) = (Cloud::new(), Gateway::new());
        let vault: Value = serde_json::from_str(&example("azure/vault.json")).unwrap();
        let [admin, record] = [&vault["records"][0], &vault["records"][1]];
        let app = |name: &str, app_id: String, object_id: String| App {
            name: name.to_owned(),
            app_id,
            object_id,
            principal_id: format!("principal of {name}"),
            tenant: text(admin, "tenant_id"),
        };
        let manager = app("admin", text(admin, "application_client_id"), "no matter".to_owned());
        let target = app(
            "payroll",
            "00000000-eeee-4000-8000-000000000001".to_owned(),
            text(record, "application_object_id"),
        );
        let old = Issued { key_id: text(record, "client_secret_id"), value: text(record, "client_secret") };
        let mut directory = cloud.directory();
        directory.adopt(manager.clone());
        directory.adopt(target.clone());
        directory.app(&manager).roles.push(ADMIN_ROLE.to_owned());
        let admin_secret = Issued { key_id: "no matter".to_owned(), value: text(admin, "client_secret") };
        directory.issue_as(&manager, "admin", admin_secret);
        directory.issue_as(&target, "by hand", old.clone());
        drop(directory);
        gateway.write("vault/vault.json", vault.to_string());
        gateway.plant("the admin's secret", &text(admin, "client_secret"));
        gateway.plant("the old secret", &old.value);
        let record = record.clone();
        Self { cloud, gateway, target, old, record }
    }

    fn exec(&self) -> Exec<'_> {
        self.gateway
            .exec(&plugin("azure-app-secret"), line(&self.gateway, "azure"))
            .flag("--vault", self.gateway.vault().flag())
            .set("verify_interval", "0s")
    }

    fn run(&self, exec: Exec<'_>) -> Run {
        exec.run(|| self.cloud.directory().secrets_ever())
    }
}

#[test]
fn every_example_is_used_here() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let mut names: Vec<_> = ["", "azure", "azure-pipelines", "entra", "scripts"]
        .iter()
        .flat_map(|folder_name| std::fs::read_dir(folder.join(folder_name)).unwrap())
        .map(|entry| entry.unwrap().path().strip_prefix(&folder).unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "README.md",
            "azure",
            "azure-pipelines",
            "azure-pipelines/azure-pipelines.yml",
            "azure-pipelines/secrets.txt",
            "azure/admin.csv",
            "azure/custom-role.json",
            "azure/params.json",
            "azure/target.csv",
            "azure/vault.json",
            "entra",
            "entra/params.json",
            "entra/vault.json",
            "pamrun.toml",
            "scripts",
            "scripts/azure_app_secret.py",
        ]
    );
}

#[test]
fn the_params_of_each_example_are_the_records_of_its_vault_and_make_a_line() {
    for folder in ["azure", "entra"] {
        let read = |name: &str| serde_json::from_str::<Value>(&example(&format!("{folder}/{name}"))).unwrap();
        let (params, vault) = (read("params.json"), read("vault.json"));
        let record = |json: &Value| Record {
            uid: json["uid"].as_str().unwrap().to_owned(),
            shown: Shown::Everywhere,
            json: json.clone(),
        };
        let kept: Vec<_> =
            vault["records"].as_array().unwrap().iter().map(|json| record(json).flattened()).collect();
        assert_eq!(params["records"], Value::from(kept), "{folder}");
        assert!(!line(&Gateway::new(), folder).is_empty());
    }
}

#[test]
fn params_and_vault_of_the_azure_example_rotate() {
    let bench = Bench::new();
    let exec = bench
        .exec()
        .host(Sovereign::Global.login(), bench.cloud.address())
        .host(Sovereign::Global.graph(), bench.cloud.address());
    let run = bench.run(exec);
    run.ends("rotated", 0);
    assert!(!bench.cloud.keys_of(&bench.target).contains(&bench.old.key_id), "{run}");
}

/// The record that Keeper Commander makes of a row: folder, title, login, password, URL, notes, shared folder,
/// and then names and values of fields, `$type` being the record's own.
fn imported(row: &str) -> Record {
    let cells: Vec<_> = row.trim_end().split(',').collect();
    let [_, title, login, password, _, _, folder, fields @ ..] = cells.as_slice() else { panic!("{row}") };
    assert!(folder.starts_with("Azure rotations"), "{row}");
    let mut record = Record::new("", title);
    for (kind, value) in [("login", login), ("password", password)] {
        if !value.is_empty() {
            record = record.standard(kind, "", value);
        }
    }
    for pair in fields.chunks(2) {
        let (name, value) = (pair[0].strip_prefix('$').unwrap(), pair[1]);
        record = match name.split_once(':') {
            None => {
                assert_eq!(name, "type");
                record.json["type"] = value.into();
                record
            }
            Some(("secret", label)) => record.hidden(label, value),
            Some(("text", label)) => record.text(label, value),
            Some(_) => panic!("{name}"),
        };
    }
    record
}

#[test]
fn records_imported_from_the_templates_rotate() {
    let mut azure = Azure::new();
    let put = |row: String, values: &[(&str, &str)]| {
        let row = values.iter().fold(row, |row, (capitals, value)| row.replace(capitals, value));
        assert!(!row.contains(" OF "), "{row}");
        imported(&row)
    };
    let (target, old) = (azure.target.clone(), azure.old.clone());
    azure.record = put(
        example("azure/target.csv"),
        &[
            ("OBJECT ID OF THE APP", &target.object_id),
            ("VALUE OF ITS SECRET", &old.value),
            ("ID OF ITS SECRET", &old.key_id),
        ],
    );
    assert_eq!(azure.record.json["type"], "pamUser");
    let admin = azure.admin.clone();
    azure.attached = vec![put(
        example("azure/admin.csv"),
        &[
            ("CLIENT ID OF THE ADMIN APP", &admin.app_id),
            ("ID OF THE DIRECTORY", &admin.tenant),
            ("VALUE OF ITS SECRET", &azure.admin_secret.value),
        ],
    )];
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    assert_eq!(
        run.list("warnings").iter().filter(|warning| !warning.starts_with("--resolve")).count(),
        0,
        "{run}"
    );
}

#[test]
fn the_custom_role_names_single_actions_and_no_whole_subscription() {
    let role: Value = serde_json::from_str(&example("azure/custom-role.json")).unwrap();
    let texts = |key: &str| -> Vec<String> {
        let list = role[key].as_array().unwrap();
        list.iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let actions = texts("Actions");
    assert!(
        actions.iter().all(|action| !action.contains('*') && action.starts_with("Microsoft.")),
        "{actions:?}"
    );
    assert!(
        actions.iter().all(|action| action.ends_with("/read") || action.ends_with("/write")),
        "{actions:?}"
    );
    assert!(texts("AssignableScopes").iter().all(|scope| scope.contains("/resourceGroups/")));
    assert!(texts("DataActions").is_empty());
}

#[test]
fn the_configuration_allows_the_hosts_and_locks_a_setting() {
    let bench = Bench::new();
    let stranger = bench.cloud.issue(&bench.target, "of another team");
    let digest = Sha256::digest(std::fs::read(plugin("azure-app-secret")).unwrap());
    let digest: Vec<_> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let config = example("pamrun.toml").replace(&"0".repeat(64), &digest.concat());
    bench.gateway.write("config.toml", config);
    // The record asks for more than the operator lets it.
    let uid = bench.record["uid"].as_str().unwrap();
    bench.gateway.vault().edit(uid, |record| {
        let custom = record["custom"].as_array_mut().unwrap();
        custom.push(serde_json::json!({"type": "text", "label": "retire", "value": ["all"]}));
    });
    let exec = [Sovereign::Global.login(), Sovereign::Global.graph()].into_iter().fold(
        bench.exec(),
        |exec, host| {
            exec.flag("--allow-private", host)
                .flag("--resolve", format!("{host}:443:{}", bench.cloud.address()))
        },
    );
    let run = bench.run(exec);
    run.ends("rotated", 0);
    assert_eq!(run.list("removed"), [bench.old.key_id.as_str()], "{run}");
    assert!(bench.cloud.keys_of(&bench.target).contains(&stranger.key_id), "{run}");
    let made = bench.cloud.secrets_of(&bench.target).pop().unwrap();
    assert_eq!(made.ends.duration_since(made.starts).as_hours(), 180 * 24, "{run}");
}

#[test]
fn the_queries_of_the_pipeline_set_what_its_steps_refer_to() {
    let gateway = Gateway::new();
    let vault: Value = serde_json::from_str(&example("azure/vault.json")).unwrap();
    let payroll = &vault["records"][1];
    gateway.write("vault/vault.json", vault.to_string());
    let secrets = gateway.command(&["secrets"]).flag("--vault", gateway.vault().flag());
    let queries = example("azure-pipelines/secrets.txt");
    let run =
        secrets.input(queries.into()).variable("TF_BUILD", "True").capture_secret_stdout().run(Vec::new);
    assert_eq!(run.exit, Some(0), "{run}");
    let pipeline = example("azure-pipelines/azure-pipelines.yml");
    for (variable, reference, value) in [
        ("login;issecret=true;isOutput=true", "$(payroll.login)", "svc-payroll".to_owned()),
        ("PAYROLL_CLIENT_SECRET;issecret=true", "$(PAYROLL_CLIENT_SECRET)", text(payroll, "client_secret")),
    ] {
        let line = format!("##vso[task.setvariable variable={variable}]{value}");
        assert!(run.stdout.lines().any(|printed| printed == line), "{line}\n{run}");
        assert!(pipeline.contains(reference), "{reference}");
    }
    let file = std::fs::read_to_string(gateway.path("home/payroll-password")).unwrap();
    assert_eq!(file, payroll["fields"][1]["value"][0]);
    assert!(pipeline.contains("rm -f payroll-password"));
}
