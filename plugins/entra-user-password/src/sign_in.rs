//! Trying a password: a sign-in as the user, through the admin app.
//!
//! Which demands follow only the right password, the manifest says: with them the sign-in is a success.

use std::time::Duration;

use entra::{LoginRefusal, Reason};
use pamrun_plugin::{Failure, Host, Rejection, Trial, Trouble, until};

use crate::requests;

/// What a sign-in showed. That the password is wrong is a failure.
#[derive(Debug, PartialEq, Eq)]
pub enum SignIn {
    /// The password is right, whether or not the user was let in.
    Right,
    /// It was stopped by something that says nothing about the password; with the reason.
    Undecided(String),
}

/// The password is wrong; or the backend that was asked does not know it yet.
const WRONG: u32 = 50_126;

/// Signs in until it is decided. A wrong password is tried until the window is over: Entra counts
/// the same wrong one only once, so that this locks nobody out.
pub fn sign_in(host: &dyn Host, window: Duration) -> Result<SignIn, Failure> {
    until(host, window, || match requests::sign_in(host) {
        Ok(()) => Trial::Decided(Ok(SignIn::Right)),
        Err(Trouble::Rejected(said) | Trouble::Unavailable(said)) => judge(&said),
        Err(trouble) => Trial::Decided(Err(trouble.into())),
    })
}

fn judge(said: &Rejection) -> Trial<SignIn> {
    let refusal = LoginRefusal::of(said);
    let numbers = &refusal.said.numbers;
    let failure = refusal.failure("signing in as the user to try the password, the admin app");
    if refusal.reason == Reason::Outage {
        return Trial::Silent { asked: refusal.asked, failure };
    }
    if numbers.contains(&WRONG) {
        let message = format!("Entra says that the password is wrong: {failure}");
        return Trial::NotYet(Failure::wrong_credential("wrong-password", message));
    }
    let why = numbers.iter().find_map(|number| hint(*number)).unwrap_or_default();
    Trial::Decided(Ok(SignIn::Undecided(format!("{why}{failure}"))))
}

/// What an administrator may do about it.
fn hint(number: u32) -> Option<&'static str> {
    match number {
        50_053 => Some("the user is locked out for now, or its address is blocked: "),
        50_057 => Some("the user is disabled: "),
        65_001 => Some("the admin app lacks consent for openid (delegated), which its sign-in asks for: "),
        _ => None,
    }
}
