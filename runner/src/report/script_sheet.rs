//! What a script is, and how it would be run: `pamrun plugin inspect`.

use super::sheet::{Sheet, strategy};
use crate::catalog::Digest;
use crate::model::{StepName, Strategy};

/// Everything about a script that can be known without running it.
pub struct ScriptSheet<'a> {
    /// Its file's name.
    pub name: &'a str,
    /// The digest of its file.
    pub digest: Digest,
    /// The size of its file, in bytes.
    pub size: usize,
    /// The command line that would run it, up to the file.
    pub run_by: &'a str,
    /// The steps that it declares, and how old and new values relate; none where it is run once.
    pub steps: Option<(&'a [StepName], Strategy)>,
    /// Whether it is a SaaS plugin: then it declares nothing.
    pub is_saas: bool,
}

impl ScriptSheet<'_> {
    /// Renders it for people.
    #[must_use]
    pub fn render(&self) -> String {
        let mut sheet = Sheet::new(self.name);
        sheet.section("file", [self.digest.to_string(), format!("{} bytes, a script", self.size)]);
        sheet.section("run by", [self.run_by.to_owned()]);
        match self.steps {
            _ if self.is_saas => {
                sheet.section("runtime", ["saas: a plugin made for Keeper's gateway".to_owned()]);
                sheet.section("strategy", [strategy(Strategy::InPlace).to_owned()]);
                sheet.section("steps", ["rotate; it proves nothing".to_owned()]);
                let config = "the attached record whose field `SaaS Type` is the plugin's name";
                sheet.section("config", [config.to_owned()]);
            }
            Some((steps, kind)) => {
                let steps: Vec<_> = steps.iter().map(|step| step.word()).collect();
                sheet.section("strategy", [strategy(kind).to_owned()]);
                sheet.section("steps", [steps.join(", ")]);
            }
            None => {
                sheet.section("steps", ["none: it is run once, and nothing is promised of it".to_owned()]);
            }
        }
        sheet.section("reads", ["every field of all records, and the whole line of the gateway".to_owned()]);
        let is_in_place = self.is_saas || matches!(self.steps, Some((_, Strategy::InPlace)));
        let returned = if is_in_place { "the password, and any custom field" } else { "any custom field" };
        sheet.section("returns", [returned.to_owned()]);
        sheet.section("talks to", ["whatever its user may reach; with --confine, nothing".to_owned()]);
        let grant = ["[[plugin]]", &format!("digest = \"{}\"", self.digest), "read = []", "write = []"];
        let grant = grant.into_iter().chain(["network = true"]).map(str::to_owned);
        sheet.section("to allow", grant);
        sheet.text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(steps: Option<(&[StepName], Strategy)>, is_saas: bool) -> String {
        let digest = Digest::of(b"");
        ScriptSheet { name: "key.py", digest, size: 77, run_by: "/usr/bin/python3", steps, is_saas }.render()
    }

    #[test]
    fn a_sheet_tells_how_a_script_is_run_and_the_lines_that_allow_it_more() {
        insta::assert_snapshot!(sheet(Some((&[StepName::Rotate, StepName::Rollback], Strategy::InPlace)), false), @r#"
        key.py
          file      sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
                    77 bytes, a script
          run by    /usr/bin/python3
          strategy  in-place: one value is replaced
          steps     rotate, rollback
          reads     every field of all records, and the whole line of the gateway
          returns   the password, and any custom field
          talks to  whatever its user may reach; with --confine, nothing
          to allow  [[plugin]]
                    digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
                    read = []
                    write = []
                    network = true
        "#);
    }

    #[test]
    fn a_saas_plugin_is_told_from_a_script() {
        let sheet = sheet(None, true);
        assert!(sheet.contains("runtime   saas") && sheet.contains("steps     rotate"), "{sheet}");
    }

    #[test]
    fn a_script_without_steps_is_said_to_promise_nothing() {
        assert!(sheet(None, false).contains("none: it is run once"));
    }
}
