//! Any text, for properties: all of Unicode, controls and what means something somewhere.

use proptest::prelude::*;

/// Any text of a few characters.
pub(crate) fn any_text() -> impl Strategy<Value = String> {
    let special: Vec<char> = "&=?#%+/.\\\"'<>{}[]:;,|~ \r\n\t\0\u{7f}\u{85}\u{2028}aé€😀".chars().collect();
    let one = prop_oneof![2 => proptest::sample::select(special), 1 => any::<char>()];
    proptest::collection::vec(one, 0..12).prop_map(|text| text.into_iter().collect())
}
