//! What a plugin is wanted for: whether its strategy goes with that.

use super::fault::Fault;
use crate::model::Strategy;

/// What a plugin is to do in a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Make the new value; `is_delivered` tells whether others are to have it, too.
    Rotate { is_delivered: bool },
    /// Hand it to somebody who uses it.
    Deliver,
}

impl Purpose {
    /// Tells whether a plugin of this strategy can do it; a script without steps has none.
    ///
    /// # Errors
    /// What to do instead.
    pub(super) fn check(self, name: &str, strategy: Option<Strategy>) -> Result<(), Fault> {
        let hint = match (self, strategy) {
            (Self::Rotate { .. }, Some(Strategy::Deliver)) => {
                return Err(Fault::invalid(
                    "strategy-unfit",
                    format!("{name} delivers a value that another plugin makes, and makes none itself"),
                    Some(format!("name the plugin that rotates, and this one with --deliver {name}")),
                ));
            }
            (Self::Rotate { is_delivered: true }, None) => {
                "give it steps; what a script without steps changes is not known, nor whether it worked"
            }
            (Self::Rotate { .. }, _) | (Self::Deliver, Some(Strategy::Deliver)) => return Ok(()),
            (Self::Deliver, _) => "a script says `pamrun: steps=preflight,rotate,verify strategy=deliver`",
        };
        let what = if self == Self::Deliver { "is not of strategy `deliver`" } else { "declares no steps" };
        let message = format!("{name} {what}, and nothing can be delivered so");
        Err(Fault::invalid("strategy-unfit", message, Some(hint.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strategy_goes_with_what_a_plugin_is_wanted_for() {
        let rotate = Purpose::Rotate { is_delivered: false };
        let and_deliver = Purpose::Rotate { is_delivered: true };
        for strategy in [Strategy::Overlap, Strategy::InPlace] {
            rotate.check("p", Some(strategy)).unwrap();
            and_deliver.check("p", Some(strategy)).unwrap();
            assert!(Purpose::Deliver.check("p", Some(strategy)).is_err());
        }
        rotate.check("p", None).unwrap();
        assert_eq!(and_deliver.check("p", None).unwrap_err().code, "strategy-unfit");
        assert!(Purpose::Deliver.check("p", None).is_err());
        Purpose::Deliver.check("p", Some(Strategy::Deliver)).unwrap();
        let fault = rotate.check("p", Some(Strategy::Deliver)).unwrap_err();
        assert!(fault.hint.unwrap().contains("--deliver p"));
    }
}
