//! Records as people write them by hand.

use super::*;

fn edited(edit: impl FnOnce(&mut Value)) -> Bench {
    let bench = Bench::new(VaultKind::File);
    bench.gateway.vault().edit(UID, edit);
    bench
}

#[test]
fn n26_a_value_without_a_list_is_one_and_lists_may_be_missing() {
    let bench = edited(|record| {
        record["custom"] = json!([{"type": "text", "label": "scalar", "value": "by hand"}]);
    });
    let run = done(bench.ask(&format!("{UID}/custom_field/scalar > X")));
    assert_eq!(run.stdout, "{\"X\":\"by hand\"}\n");
    let bench = edited(|record| record["custom"] = Value::Null);
    bench.refuses(&format!("{UID}/custom_field/x > X"), &["no custom field `x`; it has none at all"]);
}

#[test]
fn n26_a_blank_at_the_end_of_a_label_shows() {
    let bench = edited(|record| {
        record["custom"] = json!([{"type": "text", "label": "trailing ", "value": ["x"]}]);
    });
    let wanted = "no custom field `trailing`; it has `trailing ` (with a blank at its end); did you mean \
                  `trailing ` (with a blank at its end)?";
    bench.refuses(&format!("{UID}/custom_field/trailing > X"), &[wanted]);
}

#[test]
fn n22_a_vault_file_is_read_with_its_mark_and_told_where_it_is_no_text() {
    let bench = Bench::new(VaultKind::File);
    let vault = bench.gateway.vault();
    let path = PathBuf::from(vault.flag().strip_prefix("file:").unwrap());
    let text = vault.read().to_string();
    let little: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [format!("\u{feff}{text}").into_bytes(), little] {
        std::fs::write(&path, bytes).unwrap();
        let run = done(bench.ask(&format!("{UID}/field/login > X")));
        assert_eq!(run.stdout, "{\"X\":\"svc-payroll\"}\n");
    }
    let latin1 = b"{\n \"records\": [] ,\"f\xfcr\": 1}";
    std::fs::write(&path, latin1).unwrap();
    let run = bench.ask(&format!("{UID}/field/login > X")).run(Vec::new);
    assert!(run.exit != Some(0) && run.stderr.contains("at byte 21 (line 2, column 19)"), "{run}");
}
