//! Texts without what differs from run to run, for snapshots.

use jiff::Timestamp;

/// Puts words in the place of ids, UIDs of records and times.
pub fn plain(text: &str) -> String {
    let belongs = |c: char| c.is_ascii_alphanumeric() || "-_:.".contains(c);
    let mut plain = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| belongs(c) != belongs(first)).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        let bare = part.trim_end_matches(['.', ':']);
        plain.push_str(if belongs(first) { word(bare) } else { bare });
        plain.push_str(&part[bare.len()..]);
        rest = after;
    }
    plain
}

fn word(part: &str) -> &str {
    let is_of_base64 = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
    let may_be_uid = part.len() == 22 && part.bytes().all(is_of_base64);
    match part {
        _ if part.len() == 36 && uuid::Uuid::try_parse(part).is_ok() => "ID",
        _ if may_be_uid && part.bytes().any(|b| b.is_ascii_uppercase()) => "UID",
        _ if part.parse::<Timestamp>().is_ok() => "TIME",
        _ => part,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_replaced() {
        let text = "the app \"x\" (5loH3ebCS7OC25t6v3O5hA) ends 2030-01-30T12:00:01Z: 6880a51f-705f-4651-84b9-ee6fe5186ca4.";
        assert_eq!(plain(text), "the app \"x\" (UID) ends TIME: ID.");
        let text = "(6880a51f-705f-4651-84b9-ee6fe5186ca4), graph.microsoft.com: Löhne …";
        assert_eq!(plain(text), "(ID), graph.microsoft.com: Löhne …");
    }
}
