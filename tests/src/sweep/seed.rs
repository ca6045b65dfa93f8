//! Chance that can be repeated.

/// Numbers that follow from a seed (`SplitMix64`).
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    /// Chance for the thing of this name: with one seed, each has its own and always the same.
    pub fn new(seed: u64, name: &str) -> Self {
        let mut chance = Self(seed);
        for byte in name.bytes() {
            chance.0 ^= u64::from(byte);
            chance.next();
        }
        chance
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    /// Puts things into some order.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(seed: u64, name: &str) -> Vec<u8> {
        let mut things: Vec<u8> = (0..50).collect();
        Chance::new(seed, name).shuffle(&mut things);
        things
    }

    #[test]
    fn the_same_seed_and_name_give_the_same_order_and_no_others_do() {
        assert_eq!(order(1, "cases"), order(1, "cases"));
        assert_ne!(order(1, "cases"), order(2, "cases"));
        assert_ne!(order(1, "cases"), order(1, "crowd"));
    }

    #[test]
    fn an_order_has_everything_once() {
        let mut things = order(7, "cases");
        things.sort_unstable();
        assert_eq!(things, (0..50).collect::<Vec<u8>>());
    }
}
