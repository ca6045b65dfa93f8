//! A rotated secret is handed to those who use it, by the real binary: all have it before the old one goes.

use std::path::PathBuf;

use pamrun_tests::azure::Azure;
use pamrun_tests::cloud::{DEVOPS, Fault, KEY_VAULT, On};
use pamrun_tests::gateway::{Exec, Run, plugin, script};
use pamrun_tests::record::Record;

const SECRET: &str = "app-secret";
/// An app whose secret a Key Vault and a variable group hold, too.
struct Bench {
    azure: Azure,
}

impl Bench {
    fn new() -> Self {
        let azure = Azure::new();
        {
            let mut directory = azure.cloud.directory();
            let body = serde_json::json!({"value": azure.old.value, "tags": {"owner": "payroll"}});
            directory.key_vault.put(SECRET, &body);
            directory.devops.hidden.insert("CLIENT_SECRET".to_owned(), azure.old.value.clone());
        }
        Self { azure }
    }

    /// A rotation with both consumers.
    fn exec(&self) -> Exec<'_> {
        let vault = format!("key_vault={KEY_VAULT},secret_name={SECRET}");
        let group = "organization=contoso,project=payroll,group=7,variable=CLIENT_SECRET";
        self.azure
            .exec()
            .host(KEY_VAULT, self.azure.cloud.address())
            .host(DEVOPS, self.azure.cloud.address())
            .deliver(&plugin("azure-key-vault-secret"), &vault)
            .deliver(&plugin("azure-devops-variable-group"), group)
    }

    #[track_caller]
    fn run(&self, exec: Exec<'_>) -> Run {
        self.azure.run(exec)
    }

    fn recover(&self) -> Run {
        let gateway = &self.azure.gateway;
        let exec = gateway
            .command(&["recover", "--all"])
            .flag("--config", gateway.path("config.toml"))
            .flag("--state-dir", gateway.path("state"));
        self.run(exec)
    }

    /// What the two consumers hold.
    fn held(&self) -> [String; 2] {
        let directory = self.azure.cloud.directory();
        [directory.key_vault.value(SECRET), directory.devops.hidden["CLIENT_SECRET"].clone()]
    }

    /// Fails unless each of them holds a secret that works.
    #[track_caller]
    fn expect_all_served(&self, run: &Run) {
        for held in self.held() {
            let app = &self.azure.target.app_id;
            assert!(self.azure.cloud.accepts(app, &held), "a consumer holds a secret that is gone\n{run}");
        }
    }

    /// The requests to a consumer so far, tokens aside.
    fn requests(&self, host: &str) -> usize {
        self.azure.cloud.requests().iter().filter(|seen| seen.host == host).count()
    }
}

#[test]
fn both_consumers_have_the_new_secret_before_the_old_one_goes() {
    let bench = Bench::new();
    let foreign = bench.azure.cloud.directory().devops.all_but("CLIENT_SECRET");
    let run = bench.run(bench.exec());
    bench.azure.expect_rotated(&run);
    let current = bench.azure.current();
    assert_eq!(bench.held(), [current.value.as_str(); 2]);
    assert_eq!(run.list("removed"), [bench.azure.old.key_id.as_str()]);

    let deliveries = run.outcome["deliveries"].as_array().unwrap();
    let told = |key: &str| deliveries.iter().map(|made| made[key].clone()).collect::<Vec<_>>();
    assert_eq!(told("name"), ["azure-key-vault-secret", "azure-devops-variable-group"]);
    assert_eq!(told("delivered"), [true, true]);
    assert_eq!(told("proof"), ["verified", "verified"]);
    assert_eq!(
        told("target"),
        [
            format!("https://{KEY_VAULT}/secrets/{SECRET}"),
            format!("https://{DEVOPS}/contoso/payroll/variablegroups/7")
        ]
    );

    let directory = bench.azure.cloud.directory();
    assert_eq!(directory.devops.all_but("CLIENT_SECRET"), foreign, "\n{run}");
    let version = directory.key_vault.secrets[SECRET].last().unwrap();
    assert_eq!(version["tags"]["CredentialId"], current.key_id.as_str());
    assert_eq!(version["tags"]["owner"], "payroll");
    assert!(version["attributes"]["exp"].is_i64());
    drop(directory);

    // Every write of a consumer comes before the removal.
    let requests = bench.azure.cloud.requests();
    let last = |fits: &dyn Fn(&str, &str) -> bool| {
        requests.iter().rposition(|seen| fits(&seen.method, seen.path())).unwrap()
    };
    let put = last(&|method, _| method == "PUT");
    assert!(put < last(&|_, path| path.ends_with("/removePassword")), "\n{run}");
}

#[test]
fn whatever_request_of_a_consumer_fails_the_old_secret_lives_until_both_have_the_new_one() {
    for host in [KEY_VAULT, DEVOPS] {
        let undisturbed = Bench::new();
        undisturbed.run(undisturbed.exec());
        let mut looks = 0;
        for nth in 1..=undisturbed.requests(host) {
            let bench = Bench::new();
            bench.azure.cloud.fault(On::path("").host(host).from(nth), Fault::Denied);
            let run = bench.run(bench.exec());
            bench.expect_all_served(&run);
            assert!(bench.azure.cloud.accepts(&bench.azure.target.app_id, &bench.azure.old.value), "\n{run}");
            if run.outcome["error"]["step"] == "preflight" {
                assert_eq!(looks + 1, nth, "a look after something was changed\n{run}");
                looks = nth;
                run.ends("failed", 1);
                bench.azure.expect_unchanged(&run, &[]);
                continue;
            }
            run.ends("uncertain", 5);
            assert_eq!(run.outcome["saved"], true, "\n{run}");
            assert_eq!(run.outcome["error"]["code"], "delivery-incomplete", "\n{run}");
            assert!(run.outcome["error"]["message"].as_str().unwrap().contains(host), "\n{run}");
            assert_eq!(run.outcome["retained"][0]["id"], bench.azure.old.key_id.as_str(), "\n{run}");
            // The other one got its turn.
            let other = usize::from(host == KEY_VAULT);
            assert_eq!(bench.held()[other], bench.azure.current().value, "\n{run}");

            bench.azure.cloud.calm();
            let recovery = bench.recover();
            assert_eq!(recovery.exit, Some(0), "\n{recovery}");
            assert_eq!(bench.held(), [bench.azure.current().value.as_str(); 2], "\n{recovery}");
            bench.azure.expect_keys(&recovery, &[&bench.azure.current()]);
            // A consumer's answers hold its id, which is no secret for that.
            let handle = &recovery.outcome["rotations"][0]["handle"];
            assert_eq!(*handle, bench.azure.current().key_id.as_str(), "\n{recovery}");
        }
        assert!(looks > 0 && looks < undisturbed.requests(host), "{host} was looked at {looks} times");
    }
}

#[test]
fn a_lost_answer_of_a_consumer_is_asked_for_again() {
    for host in [KEY_VAULT, DEVOPS] {
        let bench = Bench::new();
        bench.azure.cloud.fault(On::path("").host(host).method("PUT"), Fault::ApplyThenDrop);
        let run = bench.run(bench.exec());
        bench.azure.expect_rotated(&run);
        assert_eq!(bench.held(), [bench.azure.current().value.as_str(); 2], "\n{run}");
    }
}

#[test]
fn a_dry_run_tells_who_would_get_the_new_secret() {
    let bench = Bench::new();
    let run = bench.run(bench.exec().argument("--dry-run"));
    run.ends("planned", 0);
    let deliveries = run.outcome["deliveries"].as_array().unwrap();
    assert!(deliveries.iter().all(|delivery| delivery["delivered"] == false), "\n{run}");
    assert_eq!(deliveries.len(), 2);
    assert_eq!(bench.held(), [bench.azure.old.value.as_str(); 2]);
}

#[test]
fn a_personal_access_token_opens_azure_devops_too() {
    let mut bench = Bench::new();
    let pat = bench.azure.cloud.directory().devops.pat.clone();
    bench.azure.attached.push(Record::new("login", "DevOps").hidden("azure_devops_pat", &pat));
    let run = bench.run(bench.exec());
    bench.azure.expect_rotated(&run);
    assert_eq!(bench.held()[1], bench.azure.current().value);
}

#[test]
fn a_host_of_a_consumer_must_be_allowed_like_any_other() {
    let bench = Bench::new();
    let run = bench.run(bench.exec().without("--allow-host", KEY_VAULT));
    run.ends("refused", 3);
    assert!(
        run.outcome["error"]["hint"].as_str().unwrap().contains(&format!("--allow-host {KEY_VAULT}")),
        "\n{run}"
    );
    bench.azure.expect_unchanged(&run, &[]);
}

/// A `.env` file of an app on this machine; the leak test knows that it holds a secret.
fn dotenv(azure: &Azure) -> (PathBuf, String) {
    let text =
        format!("# of the app\nREGION='west europe'\nCLIENT_SECRET={} # rotated\nLAST=1", azure.old.value);
    let text = text.replace(&azure.old.value, "old-value");
    (azure.gateway.write_input("app.env", &text), text)
}

#[test]
fn a_file_of_this_machine_and_a_script_are_consumers_too() {
    let azure = Azure::new();
    let (path, text) = dotenv(&azure);
    let (raw, line) = (azure.gateway.path("inputs/raw"), azure.gateway.path("inputs/line"));
    let exec = azure
        .exec()
        .flag("--deliver", format!("file,path={},format=env,key=CLIENT_SECRET", path.display()))
        .flag("--deliver", format!("file,path={}", raw.display()))
        .flag("--deliver", format!("{},path={}", script("deliver.py").display(), line.display()));
    let run = azure.run(exec);
    azure.expect_rotated(&run);
    let current = azure.current().value;
    let read = |path: &PathBuf| std::fs::read_to_string(path).unwrap();
    assert_eq!(read(&path), text.replace("old-value", &current));
    assert_eq!([read(&raw), read(&line)], [current.as_str(); 2]);
    let names = run.outcome["deliveries"].as_array().unwrap().iter().map(|made| made["name"].clone());
    assert_eq!(names.collect::<Vec<_>>(), ["file", "file#2", "deliver.py"]);
}

#[test]
fn recover_goes_on_with_a_file_that_could_not_be_written() {
    let azure = Azure::new();
    let (path, text) = dotenv(&azure);
    let elsewhere = path.with_extension("away");
    let (from, to) = (path.clone(), elsewhere.clone());
    // Between the look and the delivery somebody puts a folder there.
    azure.cloud.before(On::add_password(), move |_| {
        std::fs::rename(&from, &to).unwrap();
        std::fs::create_dir(&from).unwrap();
    });
    let deliver = format!("file,path={},format=env,key=CLIENT_SECRET", path.display());
    let run = azure.run(azure.exec().flag("--deliver", deliver));
    run.ends("uncertain", 5);
    assert!(azure.cloud.accepts(&azure.target.app_id, &azure.old.value));
    std::fs::remove_dir(&path).unwrap();
    std::fs::rename(&elsewhere, &path).unwrap();
    azure.cloud.calm();

    let gateway = &azure.gateway;
    let exec = gateway
        .command(&["recover", &azure.record.uid])
        .flag("--config", gateway.path("config.toml"))
        .flag("--state-dir", gateway.path("state"));
    let recovery = azure.run(exec);
    assert_eq!(recovery.exit, Some(0), "\n{recovery}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text.replace("old-value", &azure.current().value));
    azure.expect_keys(&recovery, &[&azure.current()]);
}

#[test]
fn what_cannot_be_delivered_is_refused_before_it_begins() {
    let azure = Azure::new();
    let file = |rest: &str| format!("file,path={}{rest}", azure.gateway.path("inputs/raw").display());
    for (deliver, code) in [
        (file(",format=env"), "key-missing"),
        (plugin("azure-app-secret").display().to_string(), "strategy-unfit"),
        ("missing.wasm".to_owned(), "plugin-not-found"),
    ] {
        let run = azure.run(azure.exec().flag("--deliver", &deliver));
        run.with_code(code);
        azure.expect_unchanged(&run, &[]);
    }
    let run =
        azure.run(azure.exec_without_vault().flag("--vault", "none").flag("--deliver", file("")).reveal());
    run.with_code("vault-needed");
    let run = azure.run(azure.exec().flag("--deliver", file(",pth=x")));
    let message = run.outcome["error"]["message"].as_str().unwrap();
    assert!(message.contains("--deliver: the plugin has no setting `pth`"), "\n{run}");
}

/// A delivery that would destroy what the run lives on, or another one's value, ends it before anything is read.
#[test]
fn n4_a_delivery_destroys_nothing() {
    let azure = Azure::new();
    azure.fill_vault();
    azure.gateway.write_input("first", "");
    let (vault, hard) = (azure.gateway.path("vault/vault.json"), azure.gateway.path("inputs/hard"));
    std::fs::hard_link(&vault, &hard).unwrap();
    let (before, seen) = (std::fs::read(&vault).unwrap(), azure.cloud.requests().len());
    let file = |path: &str, rest: &str| format!("file,path={}{rest}", azure.gateway.path(path).display());
    let (key_a, key_b) = (",format=env,key=A", ",format=env,key=B");
    for (deliveries, code) in [
        (vec![file("vault/vault.json", "")], "own-file"),
        (vec![file("inputs/../vault/vault.json", key_a)], "own-file"),
        (vec![file("inputs/hard", "")], "own-file"),
        (vec![file("config.toml", "")], "own-file"),
        (vec![file("ca.pem", "")], "own-file"),
        (vec![file("state/journal/x", "")], "own-file"),
        (vec![file("inputs/q.txt", ""), file("inputs/./q.txt", ",field=client_secret_id")], "delivery-twice"),
        (vec![file("inputs/q.env", key_a), file("inputs/../inputs/q.env", key_a)], "delivery-twice"),
        (
            vec![file("inputs/q.env", key_a), file("inputs/q.env", key_b), file("inputs/q.env", "")],
            "delivery-twice",
        ),
    ] {
        let exec = deliveries.iter().fold(azure.exec(), |exec, delivery| exec.flag("--deliver", delivery));
        let run = azure.run(exec);
        run.ends("invalid", 2);
        run.with_code(code);
        assert_eq!(std::fs::read(&vault).unwrap(), before, "\n{run}");
    }
    assert_eq!(azure.cloud.requests().len(), seen);
}

#[test]
fn n4_two_keys_of_one_file_are_delivered_both() {
    let azure = Azure::new();
    let path = azure.gateway.write_input("two.env", "\u{feff}A=old\r\nB=old\r\n");
    let deliver =
        |key: &str, field: &str| format!("file,path={},format=env,key={key},field={field}", path.display());
    let exec = azure.exec().flag("--deliver", deliver("A", "client_secret"));
    let run = azure.run(exec.flag("--deliver", deliver("B", "client_secret_id")));
    azure.expect_rotated(&run);
    let current = azure.current();
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text, format!("\u{feff}A={}\r\nB={}\r\n", current.value, current.key_id));
}
