//! No two requests of different effect that `check` accepts become the same. The example `apart` does the
//! same with millions of pairs.

#[path = "support/pairs.rs"]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]
mod pairs;

#[test]
fn what_is_accepted_never_renders_equal() {
    let mut dice = pairs::Dice(0x9e37_79b9_7f4a_7c15);
    let mut seen = pairs::Seen::default();
    for _ in 0..50_000 {
        if seen.pairs >= 100_000 {
            break;
        }
        pairs::play(&mut dice, 24, &mut seen);
    }
    assert!(seen.pairs >= 100_000, "too few manifests are accepted, so they show nothing: {seen:?}");
    assert!(seen.collisions_of_refused > 10, "the draws never meet, so they show nothing: {seen:?}");
}
