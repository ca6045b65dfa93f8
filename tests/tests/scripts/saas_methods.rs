//! SaaS plugins whose methods are not what the kit calls, or do not end as it hopes: what would change nothing is
//! refused before anything is touched, and what they made by then shows nowhere.

use pamrun_tests::canary::random_text;
use pamrun_tests::gateway::{Run, VaultKind};
use pamrun_tests::record::{Record, text};
use serde_json::Value;

use crate::bench::Bench;

/// What each plugin begins with; the secret stands in a file, since copies of the plugin are kept.
const IMPORTS: &str = "import asyncio
from kdnrm.exceptions import SaasException
from kdnrm.saas_plugins import SaasPluginBase
from kdnrm.saas_type import ReturnCustomField, Secret
FRESH = open('FILE').read()

class SaasPlugin(SaasPluginBase):
    name = 'X'

    def new_key(self):
        self.add_return_field(ReturnCustomField(label='api_key', value=Secret(FRESH)))
";

/// A record, and the fresh secret that a plugin returns for its field `api_key`.
struct Kit {
    bench: Bench,
    old: String,
    fresh: String,
}

impl Kit {
    fn new() -> Self {
        let record = Record::pam_user("user").hidden("api_key", &random_text(24));
        let old = text(&record.json, "password");
        let mut bench = Bench::with(VaultKind::File, record);
        let attached = Record::new("login", "conf").text("SaaS Type", "X");
        bench.gateway.vault().add(&attached);
        bench.attached = attached;
        let fresh = random_text(24);
        bench.gateway.plant("fresh secret", &fresh);
        bench.gateway.write_input("fresh", &fresh);
        Self { bench, old, fresh }
    }

    /// Writes a plugin with these members.
    fn write(&self, members: &str) -> std::path::PathBuf {
        let members = members.lines().fold(String::new(), |text, line| text + "    " + line + "\n");
        let file = self.bench.gateway.path("inputs/fresh");
        let text = format!("{IMPORTS}\n{members}").replace("FILE", file.to_str().unwrap());
        self.bench.write("inputs/plugin.py", text)
    }

    fn rotate(&self, members: &str) -> Run {
        self.bench.run(self.bench.exec(&self.write(members)))
    }

    fn check(&self) -> Run {
        let file = self.bench.gateway.path("inputs/plugin.py");
        self.bench.gateway.command(&["plugin", "check"]).argument(file).flag("--format", "json").run(Vec::new)
    }
}

#[test]
fn n2_n23_a_plugin_that_would_change_nothing_is_refused_and_the_nearest_method_is_named() {
    for (members, told) in [
        (
            "def change_pasword(self): pass",
            "no method `change_password`; did you mean that by `change_pasword` (line 13)?",
        ),
        ("def changePassword(self): pass", "did you mean that by `changePassword` (line 13)?"),
        ("def rotate(self): pass", "no method `change_password`: add it"),
        ("change_password = 'x'", "a `change_password` that cannot be called"),
        ("@property\ndef change_password(self): pass", "a `change_password` (line 13) that cannot be called"),
        ("def change_password(self):\n    yield 1", "has a `yield` in it"),
        ("async def change_password(self):\n    yield 1", "has a `yield` in it"),
        (
            "def change_password(self, force): pass",
            "cannot be called with `self` only: missing a required argument",
        ),
        ("def change_password(): pass", "cannot be called with `self` only: too many positional"),
        (
            "can_rollback = True\ndef change_password(self): pass\ndef rollback_pasword(self): pass",
            "no method `rollback_password`; did you mean that by `rollback_pasword` (line 15)?",
        ),
    ] {
        let kit = Kit::new();
        let run = kit.rotate(members);
        run.ends("invalid", 2).with_code("plugin-unfit");
        assert!(run.outcome["error"]["message"].as_str().unwrap().contains(told), "{told}\n{run}");
        kit.bench.expect_unsaved(&run);
        let check = kit.check();
        assert_eq!((check.exit, &check.outcome["fits"]), (Some(2), &false.into()), "{check}");
        assert!(check.outcome["problems"][0]["message"].as_str().unwrap().contains(told), "{told}\n{check}");
    }
}

#[test]
fn n23_check_finds_what_keeps_a_plugin_from_being_loaded() {
    let base = "from kdnrm.saas_plugins import SaasPluginBase\n\nclass SaasPlugin(SaasPluginBase):\n    name = 'X'\n";
    for (text, code, told) in [
        (
            format!("{base}    def change_password(self)\n        pass\n"),
            "plugin-unfit",
            "line 5 is no Python",
        ),
        (
            format!("import no_such_module_of_anybody\n{base}"),
            "requirements-missing",
            "`no_such_module_of_anybody`",
        ),
        (base.to_owned(), "plugin-unfit", "has no method `change_password`"),
        (format!("{base}import sys\nsys.exit(0)\n"), "plugin-unfit", "SystemExit: 0"),
    ] {
        let kit = Kit::new();
        kit.bench.write("inputs/plugin.py", text);
        let check = kit.check();
        assert_eq!((check.exit, &check.outcome["problems"][0]["code"]), (Some(2), &code.into()), "{check}");
        assert!(check.outcome["problems"][0]["message"].as_str().unwrap().contains(told), "{told}\n{check}");
    }
}

#[test]
fn n23_check_loads_a_plugin_with_the_interpreter_that_is_named_and_leaves_nothing() {
    let kit = Kit::new();
    let file = kit.write("def change_password(self): pass");
    let check = |interpreter: &str| {
        let command = kit.bench.gateway.command(&["plugin", "check"]);
        command.argument(&file).flag("--interpreter", interpreter).run(Vec::new)
    };
    let fits = check("python3");
    assert!(fits.exit == Some(0) && fits.stdout.contains("plugin.py fits this pamrun"), "{fits}");
    assert_eq!(check("no-such-python").exit, Some(2));
    assert_eq!(std::fs::read_dir(kit.bench.gateway.path("tmp")).unwrap().count(), 0);
}

#[test]
fn n2_a_coroutine_is_awaited() {
    for members in [
        "async def change_password(self):\n    await asyncio.sleep(0)\n    self.new_key()",
        "def change_password(self):\n    return self.later()\nasync def later(self):\n    self.new_key()",
        "@staticmethod\ndef change_password(): pass\nasync def unused(self): pass",
    ] {
        let kit = Kit::new();
        let run = kit.rotate(members);
        run.ends("rotated", 0);
        assert_eq!(kit.bench.saved("password"), kit.bench.new_password, "{run}");
        assert!(members.contains("static") || kit.bench.saved("api_key") == kit.fresh, "{run}");
    }
}

#[test]
fn n2_a_coroutine_that_puts_the_old_password_back_is_awaited() {
    let rollback = "async def rollback_password(self):\n    print('put back')";
    for can in [
        "can_rollback = True",
        "def can_rollback(self): return True",
        "async def can_rollback(self): return True",
    ] {
        let mut kit = Kit::new();
        kit.bench.new_password = String::new();
        let run = kit.rotate(&format!(
            "{can}\nasync def change_password(self):\n    raise SaasException('no')\n{rollback}"
        ));
        run.ends("failed", 1);
        assert!(run.stderr.contains("put back") && kit.bench.saved("password") == kit.old, "{run}");
    }
}

#[test]
fn n2_a_plugin_that_fails_after_it_made_something_is_uncertain_and_shows_nothing() {
    for end in [
        "raise SaasException('the old key could not be removed')",
        "raise SaasException('no: ' + FRESH)",
        "raise KeyError(FRESH)",
        "import sys; sys.exit(0)",
        "raise KeyboardInterrupt",
        "class Mute(Exception):\n        def __str__(self): raise RuntimeError(FRESH)\n    raise Mute",
        "raise SaasException('half a pair: \\ud83d')",
        "import os; os.kill(os.getpid(), 15)",
        "self.return_fields.append(7)",
        "return (n for n in range(3))",
        "print(self.return_fields[0].value.value); raise SaasException('no')",
    ] {
        let kit = Kit::new();
        let run = kit.rotate(&format!("def change_password(self):\n    self.new_key()\n    {end}"));
        run.ends("uncertain", 5).with_code("plugin-trapped");
        let pending: Value = kit.bench.saved("pamrun_pending").parse().unwrap();
        assert_eq!(pending["new"], *kit.bench.new_password, "{run}");
        assert!(kit.bench.saved("pamrun_rescued").contains(&kit.fresh), "{run}");
    }
}

#[test]
fn n2_what_was_made_before_the_old_password_was_put_back_is_not_forgotten() {
    let mut kit = Kit::new();
    kit.bench.new_password = String::new();
    let run = kit.rotate(
        "can_rollback = True\ndef change_password(self):\n    self.new_key()\n    raise SaasException('no')\ndef rollback_password(self): pass",
    );
    run.ends("uncertain", 5);
    assert!(
        run.outcome["error"]["message"].as_str().unwrap().contains("has put the old password back"),
        "{run}"
    );
    assert!(kit.bench.saved("pamrun_rescued").contains(&kit.fresh), "{run}");
}

#[test]
fn n2_who_says_that_it_can_roll_back_and_has_nothing_for_it_has_put_nothing_back() {
    let kit = Kit::new();
    let run = kit.rotate("can_rollback = True\ndef change_password(self):\n    raise SaasException('no')");
    run.ends("uncertain", 5).with_code("plugin-trapped");
}
