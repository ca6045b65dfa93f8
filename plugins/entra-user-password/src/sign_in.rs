//! Trying a password: a sign-in as the user, through the admin app.
//!
//! Most users must do more than type a password, and such a sign-in stops there. But Entra asks for
//! more only when the password was right, so that even this is proof.

use std::time::Duration;

use microsoft_graph::{Login, LoginError, Reason, Trial, until_proven};
use pamrun_plugin::{Failure, Host};

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

/// What Entra says only after it has found the password right: it is to be changed (50055, 50142),
/// a second factor is to be given or set up (50072, 50074, 50076, 50079, 50125, 50158), or
/// Conditional Access, which is judged last, blocks the sign-in or the device.
const RIGHT: [u32; 14] = [
    50_055, 50_072, 50_074, 50_076, 50_079, 50_125, 50_142, 50_158, 53_000, 53_001, 53_002, 53_003, 53_004,
    530_032,
];

/// Signs in until it is decided. A wrong password is tried until the window is over: Entra counts
/// the same wrong one only once, so that this locks nobody out.
pub fn sign_in(
    host: &dyn Host,
    login: &Login<'_>,
    user: &str,
    password: &str,
    window: Duration,
) -> Result<SignIn, Failure> {
    until_proven(host, window, || match login.attempt_as(host, user, password) {
        Ok(()) => Trial::Decided(Ok(SignIn::Right)),
        Err(error) => judge(&error),
    })
}

fn judge(error: &LoginError) -> Trial<SignIn> {
    let said = |code: &u32| error.codes.contains(code);
    let failure = error.failure("signing in as the user to try the password, the admin app");
    match error.reason {
        Reason::Outage { retry_after } => Trial::Silent { retry_after, failure },
        _ if RIGHT.iter().any(said) => Trial::Decided(Ok(SignIn::Right)),
        _ if said(&WRONG) => {
            let message = format!("Entra says that the password is wrong: {failure}");
            Trial::NotYet(Failure::wrong_credential("wrong-password", message))
        }
        _ => Trial::Decided(Ok(SignIn::Undecided(format!("{}{failure}", hint(&error.codes))))),
    }
}

/// What an administrator may do about it.
fn hint(codes: &[u32]) -> &'static str {
    let first = |known: &u32| matches!(known, 50_053 | 50_057 | 65_001);
    match codes.iter().copied().find(first) {
        Some(50_053) => "the user is locked out for now, or its address is blocked: ",
        Some(50_057) => "the user is disabled: ",
        Some(65_001) => "the admin app lacks consent for openid (delegated), which its sign-in asks for: ",
        _ => "",
    }
}
