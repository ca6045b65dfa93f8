//! The request of a script: it has no manifest, so it is given everything.

use super::secrets::of_everything;
use super::source::copy;
use super::{Prepared, RequestError, Sources};
use crate::cli::SetValue;
use crate::model::{Record, Request, Setting, SettingValue, Strategy, VaultRecord};

/// Makes the request of a script out of what there is: all records with all their fields, the
/// target first, and every setting as the text that it was given as.
///
/// # Errors
/// When the target is not there.
pub fn prepare_whole(strategy: Option<Strategy>, sources: &Sources<'_>) -> Result<Prepared, RequestError> {
    let target = sources.target()?;
    let whole = |record: &Record| VaultRecord {
        uid: record.uid.clone(),
        title: record.title().to_owned(),
        role: sources.role(record),
        fields: record.fields().map(|field| copy(&field, field.label)).collect(),
    };
    let settings = settings(sources);
    let secrets = of_everything(sources, &settings, |_, _| false);
    let request = Request {
        records: std::iter::once(target).chain(sources.others()).map(whole).collect(),
        settings,
        proposed: sources.new_password.filter(|_| strategy == Some(Strategy::InPlace)).cloned(),
        ..Request::default()
    };
    Ok(Prepared { request, secrets, warnings: Vec::new() })
}

/// What was set, a flag before the configuration file. Nothing says which of it is secret; what
/// stands in a file of its own is taken for it.
fn settings(sources: &Sources<'_>) -> Vec<Setting> {
    let mut settings: Vec<Setting> = Vec::new();
    for (key, value) in sources.config.iter().chain(sources.sets) {
        let value = match value {
            SetValue::Text(text) => SettingValue::Text(text.expose().to_owned()),
            SetValue::File(_, secret) => SettingValue::Secret(secret.clone()),
        };
        match settings.iter_mut().find(|setting| setting.key == *key) {
            Some(setting) => setting.value = value,
            None => settings.push(Setting { key: key.clone(), value }),
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Role;
    use crate::request::source::records_alone;
    use crate::secret::Secret;

    fn sources<'a>(records: &'a [Record], new_password: Option<&'a Secret>) -> Sources<'a> {
        Sources { new_password, ..records_alone(records) }
    }

    fn records() -> Vec<Record> {
        let fields =
            json!({"host": {"hostName": "h.example"}, "login": "short", "key": "long enough to be one"});
        ["a", "p", "t"].map(|uid| Record::from_params(uid, "Title", fields.as_object().unwrap())).into()
    }

    #[test]
    fn a_script_is_given_every_field_of_every_record_the_target_first() {
        let records = records();
        let request = prepare_whole(None, &sources(&records, None)).unwrap().request;
        let roles: Vec<_> = request.records.iter().map(|record| (record.uid.as_str(), record.role)).collect();
        assert_eq!(roles, [("t", Role::Target), ("a", Role::Attached), ("p", Role::Provider)]);
        let fields = &request.records[0].fields;
        let labels: Vec<_> = fields.iter().map(|field| (field.label.as_str(), field.json)).collect();
        assert_eq!(labels, [("host", true), ("login", false), ("key", false)]);
    }

    #[test]
    fn what_looks_like_a_secret_is_one_wherever_it_stands() {
        let records = records();
        let secrets = prepare_whole(None, &sources(&records, None)).unwrap().secrets;
        assert!(secrets.contains(&Secret::new("long enough to be one")));
        assert!(secrets.contains(&Secret::new("h.example")) && !secrets.contains(&Secret::new("short")));
    }

    #[test]
    fn a_password_is_proposed_to_those_who_replace_one() {
        let (records, password) = (records(), Secret::new("new password"));
        let proposed =
            |strategy| prepare_whole(strategy, &sources(&records, Some(&password))).unwrap().request.proposed;
        assert_eq!(proposed(Some(Strategy::InPlace)), Some(password.clone()));
        assert_eq!((proposed(Some(Strategy::Overlap)), proposed(None)), (None, None));
    }

    #[test]
    fn a_flag_goes_before_the_configuration_and_a_file_holds_a_secret() {
        let records = records();
        let text = |text: &str| SetValue::Text(Secret::new(text));
        let config = [("days".to_owned(), text("1")), ("mode".to_owned(), text("all"))];
        let file = SetValue::File("/key".into(), Secret::new("from a file"));
        let sets = [("days".to_owned(), text("2")), ("key".to_owned(), file)];
        let sources = Sources { config: &config, sets: &sets, ..sources(&records, None) };
        let prepared = prepare_whole(None, &sources).unwrap();
        let setting = |key: &str, value| Setting { key: key.to_owned(), value };
        let expected = [
            setting("days", SettingValue::Text("2".to_owned())),
            setting("mode", SettingValue::Text("all".to_owned())),
            setting("key", SettingValue::Secret(Secret::new("from a file"))),
        ];
        assert_eq!(prepared.request.settings, expected);
        assert!(prepared.secrets.contains(&Secret::new("from a file")));
    }

    #[test]
    fn a_target_that_is_nowhere_is_an_error() {
        let error = prepare_whole(None, &sources(&[], None)).unwrap_err();
        assert_eq!(error.code(), "target-missing");
    }
}
