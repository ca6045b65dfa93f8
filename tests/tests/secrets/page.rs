//! The queries on the page of Keeper's extension for Azure DevOps, as they are printed there, but for
//! the folder of the file.

use pamrun_tests::gateway::VaultKind;

use super::*;

fn keeper() -> Bench {
    Bench::new(VaultKind::Keeper)
}

fn set(name: &str, output: bool, value: &str) -> String {
    let escaped = value.replace('%', "%AZP25").replace(';', "%3B").replace(']', "%5D");
    let output = if output { ";isOutput=true" } else { "" };
    format!("##vso[task.setvariable variable={name};issecret=true{output}]{escaped}\n")
}

fn in_pipeline(bench: &Bench, queries: &str) -> String {
    done(bench.ask(queries).variable("TF_BUILD", "True")).stdout
}

#[test]
fn a_password_becomes_a_variable_of_the_job() {
    let bench = keeper();
    let stdout = in_pipeline(&bench, "6ya_fdc6XTsZ7i4x9Jcodg/field/password > var:var_password");
    assert_eq!(stdout, set("var_password", false, &bench.password));
}

#[test]
fn a_password_becomes_an_output_variable() {
    let bench = keeper();
    let stdout = in_pipeline(&bench, "6ya_fdc6XTsZ7i4x9Jcodg/field/password > out:out_password");
    assert_eq!(stdout, set("out_password", true, &bench.password));
}

#[test]
fn a_name_without_prefix_is_an_output_variable_too() {
    let bench = keeper();
    let stdout = in_pipeline(&bench, "6ya_fdc6XTsZ7i4x9Jcodg/field/password > out_password2");
    assert_eq!(stdout, set("out_password2", true, &bench.password));
}

#[test]
fn an_attached_file_becomes_a_file() {
    let bench = keeper();
    let path = bench.out("mycert.pem");
    let query = format!("6ya_fdc6XTsZ7i4x9Jcodg/file/cert.pem > file:{}", path.display());
    assert_eq!(in_pipeline(&bench, &query), "");
    assert_eq!(read(path), bench.key);
}

#[test]
fn all_of_them_are_answered_in_one_step() {
    let bench = keeper();
    let path = bench.out("mycert.pem");
    let queries = format!(
        "\
      6ya_fdc6XTsZ7i4x9Jcodg/field/password > var:var_password
      6ya_fdc6XTsZ7i4x9Jcodg/field/password > out:out_password
      6ya_fdc6XTsZ7i4x9Jcodg/field/password > out_password2
      6ya_fdc6XTsZ7i4x9Jcodg/file/cert.pem > file:{}
",
        path.display()
    );
    let expected = [("var_password", false), ("out_password", true), ("out_password2", true)]
        .map(|(name, output)| set(name, output, &bench.password));
    assert_eq!(in_pipeline(&bench, &queries), expected.concat());
    assert_eq!(read(path), bench.key);
}

/// `[UID]/custom_field/[FIELD NAME] > out:[NAME]`
#[test]
fn a_custom_field_is_named_by_its_label() {
    let bench = keeper();
    let stdout = in_pipeline(&bench, "6ya_fdc6XTsZ7i4x9Jcodg/custom_field/phones[1][number] > out:PHONE");
    assert_eq!(stdout, set("PHONE", true, "2"));
}

/// `[UID]/field/oneTimeCode > [VARIABLE NAME]`: the page calls it a two-factor code, and so it is one.
#[test]
fn a_two_factor_code_is_a_code() {
    let bench = keeper();
    let stdout = in_pipeline(&bench, "6ya_fdc6XTsZ7i4x9Jcodg/field/oneTimeCode > CODE");
    let code =
        stdout.trim_end().strip_prefix("##vso[task.setvariable variable=CODE;issecret=true;isOutput=true]");
    assert!(code.is_some_and(|code| code.len() == 6 && code.bytes().all(|c| c.is_ascii_digit())), "{stdout}");
}

/// The prefix that the page promises.
#[test]
fn an_environment_variable_is_a_variable_of_the_job_to_be_mapped() {
    let bench = keeper();
    let stdout = in_pipeline(&bench, "6ya_fdc6XTsZ7i4x9Jcodg/field/password > env:DB_PASSWORD");
    assert_eq!(stdout, set("DB_PASSWORD", false, &bench.password));
}

/// Since version 1.0.4 of the extension.
#[test]
fn a_record_is_named_by_its_title_with_escapes() {
    let bench = keeper();
    let stdout = in_pipeline(&bench, r"Löhne \/ Gehälter \[1\]/field/password > var:x");
    assert_eq!(stdout, set("x", false, &bench.password));
}
