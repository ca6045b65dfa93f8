//! Findings about the record, what belongs to it, and its script.

use pamrun_tests::cloud::{Fault, On};

use super::*;

#[test]
fn a_record_that_is_not_there() {
    let ward = Ward::in_file(|_| ());
    let run = ward.diagnose(ward.look().flag("--record", "nobody"));
    assert_eq!(states(&run)[4..], ["record error", "script skipped", "preflight skipped"]);
    insta::assert_snapshot!(ward.findings(&run));
}

#[test]
fn a_record_that_may_only_be_read() {
    let ward = Ward::with_script("pamrun exec");
    ward.0.gateway.keeper().keeper.vault().set_editable(&ward.0.record.uid, false);
    let run = ward.diagnose(ward.look_at_record());
    assert_eq!(run.exit, Some(1));
    insta::assert_snapshot!(ward.findings(&run));
}

#[test]
fn a_record_of_another_type_and_one_that_another_system_manages() {
    let ward = Ward::in_file(|azure| {
        azure.record.json["type"] = "login".into();
        azure.record.json["fields"].as_array_mut().unwrap().push(json!({
            "type": "checkbox", "label": "managed", "value": [true],
        }));
    });
    let run = ward.diagnose(ward.look_with_plugin());
    insta::assert_snapshot!(ward.findings(&run));
}

#[test]
fn fields_that_cannot_hold_what_is_returned() {
    let ward = Ward::in_file(|azure| {
        azure.record.json["custom"].as_array_mut().unwrap().retain(|field| field["label"] != "expires");
        azure.record.json["custom"].as_array_mut().unwrap().push(json!({
            "type": "checkbox", "label": "expires", "value": [],
        }));
    });
    let run = ward.diagnose(ward.look_with_plugin());
    assert_eq!(run.exit, Some(1));
    insta::assert_snapshot!(ward.findings(&run));
    // A rotation would find it out too late, and so does not begin.
    let run = ward.0.run(ward.0.exec());
    run.ends("failed", 1).with_code("field-type");
    ward.expect_untouched(&run);
}

#[test]
fn what_belongs_to_the_record_and_is_not_shared() {
    let ward = Ward::in_file(|azure| {
        azure.record = azure.record.clone().script(&Record::new("login", "elsewhere"));
        let script = &mut azure.record.json["fields"].as_array_mut().unwrap().last_mut().unwrap()["value"][0];
        script["recordRef"] = json!(["elsewhere"]);
    });
    let run = ward.diagnose(ward.look_with_plugin().flag("--provider", "nowhere"));
    assert_eq!(states(&run)[4], "record error");
    insta::assert_snapshot!(ward.findings(&run));
}

#[test]
fn several_pam_configurations() {
    let ward = Ward::in_file(|_| ());
    let mut records = [provider("One"), provider("Two")];
    for (record, uid) in records.iter_mut().zip(["one", "two"]) {
        uid.clone_into(&mut record.uid);
        record.json["uid"] = uid.into();
    }
    ward.0.gateway.fill_vault(&records);
    let run = ward.diagnose(ward.look_with_plugin());
    assert_eq!(run.exit, Some(0), "{run}");
    insta::assert_snapshot!(ward.findings(&run));
}

#[test]
fn a_record_without_a_script_of_ours() {
    let ward = Ward::in_file(|azure| {
        let script = azure.record.json["fields"].as_array_mut().unwrap().last_mut().unwrap();
        script["value"][0]["command"] = "python3".into();
    });
    let run = ward.diagnose(ward.look_at_record());
    assert_eq!(states(&run)[5..], ["script error", "preflight skipped"]);
    insta::assert_snapshot!(ward.findings(&run));
}

#[test]
fn a_script_command_that_is_wrong() {
    let ward = Ward::with_script("pamrun exec --no-such");
    let run = ward.diagnose(ward.look_at_record());
    insta::assert_snapshot!(ward.findings(&run));
}

#[test]
fn a_script_whose_file_is_gone() {
    let ward = Ward::in_file(|_| ());
    let run = ward.diagnose(ward.look_at_record());
    insta::assert_snapshot!(ward.findings(&run));
}

#[test]
fn a_copy_of_the_script_that_cannot_be_kept_is_no_sound_environment() {
    let ward = Ward::with_script("pamrun exec");
    let nowhere = ward.0.gateway.path("nowhere");
    let run = ward.diagnose(ward.look_at_record().variable("TMPDIR", &nowhere));
    assert_eq!(run.exit, Some(1), "{run}");
    assert_eq!(states(&run)[5..], ["script error", "preflight skipped"]);
    assert!(ward.findings(&run).starts_with("error script-file-unwritable\n"), "{run}");
}

#[test]
fn what_the_plugin_finds_is_found_by_the_doctor_too() {
    let ward = Ward::with_script("pamrun exec");
    ward.0.cloud.fault(On::token(), Fault::Denied);
    let run = ward.diagnose(ward.look_at_record());
    assert_eq!(run.exit, Some(1));
    insta::assert_snapshot!(ward.findings(&run));
}
