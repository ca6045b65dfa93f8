//! What works.

use super::*;

#[test]
fn both_clients_read_a_record_to_the_letter_and_break_no_rule() {
    both(|bench, language| {
        let keeper = &bench.server.keeper;
        let read = bench.witness.read(&bench.record.uid).unwrap();
        assert_eq!(read.text, keeper.vault().text(&bench.record.uid), "{language:?}");
        assert_eq!((read.json, read.revision), keeper.record(&bench.record.uid), "{language:?}");
        assert!(read.editable, "{language:?}");
        assert_eq!(bench.server.violations(), Vec::<String>::new(), "{language:?}");
        assert_eq!((bench.server.connections(), bench.server.handshakes()), (1, 1), "{language:?}");
    });
}

#[test]
fn both_clients_see_what_is_shared_and_what_may_be_changed() {
    both(|bench, language| {
        let other = Record::new("login", "other");
        bench.server.keeper.put_record(&other.uid, &other.json, false);
        bench.server.keeper.vault().put_folder("FFFFFFFFFFFFFFFFFFFFFF", "Ordner – eins");
        bench.server.keeper.vault().move_to_folder(&other.uid, "FFFFFFFFFFFFFFFFFFFFFF");
        assert_eq!(
            bench.witness.ask(&["list"]).unwrap(),
            json!([bench.record.uid, other.uid]),
            "{language:?}"
        );
        assert!(!bench.witness.read(&other.uid).unwrap().editable, "{language:?}");
        let requests = bench.server.keeper.requests();
        assert_eq!(requests[0].payload["requestedRecords"], Value::Null, "{language:?}");
        assert_eq!(requests[1].payload["requestedRecords"], json!([other.uid]), "{language:?}");
    });
}

#[test]
fn both_clients_download_a_file() {
    both(|bench, language| {
        let uid = bench.record.uid.as_str();
        bench.server.keeper.vault().attach(uid, "DDDDDDDDDDDDDDDDDDDDDD", "a.txt", "Größe".as_bytes());
        assert_eq!(bench.witness.ask(&["file", uid, "a.txt"]).unwrap(), "Größe", "{language:?}");
    });
}

#[test]
fn both_clients_save_a_record_and_each_reads_what_the_other_wrote() {
    both(|bench, language| {
        bench.set("new").unwrap();
        let (json, _) = bench.server.keeper.record(&bench.record.uid);
        let mut expected = bench.record.json.clone();
        set(&mut expected, "it", "new");
        assert_eq!(json, expected, "{language:?}");
        for other in [Language::Python, Language::Rust] {
            let read = Witness::new(other, &bench.server).read(&bench.record.uid).unwrap();
            assert_eq!(read.json, expected, "{other:?} reads what {language:?} wrote");
        }
        bench.witness.set(&bench.record.uid, "brand new", "made").unwrap();
        assert_eq!(
            text(&bench.server.keeper.record(&bench.record.uid).0, "brand new"),
            "made",
            "{language:?}"
        );
    });
}

#[test]
fn both_clients_stage_a_rotation_and_complete_it() {
    both(|bench, language| {
        let uid = bench.record.uid.as_str();
        for (action, left) in [("finalize", "finalized"), ("rollback", "finalized")] {
            bench.witness.ask(&["stage", uid, "it", &format!("{action}d")]).unwrap();
            assert_ne!(bench.stored(), format!("{action}d"), "{language:?}");
            bench.witness.ask(&[action, uid]).unwrap();
            assert_eq!(bench.stored(), left, "{language:?}");
        }
    });
}
