//! Setting a password.

use http::{Method, Response, StatusCode};
use jiff::{Timestamp, Unit, fmt::rfc2822};
use microsoft_graph::{Admin, Refusal, Session};
use pamrun_plugin::{Failure, FailureKind, Host, Plan, Request};
use serde_json::json;

use crate::refusal::{is_used_before, refused};
use crate::settings::{Settings, Verify};
use crate::sign_in::{SignIn, sign_in};
use crate::user::{Target, User};

enum Change {
    Done(Option<Timestamp>),
    UsedBefore(Refusal),
}

/// The password that the host brings along.
pub fn proposed(request: &Request) -> Result<&str, Failure> {
    request.proposed.as_deref().ok_or_else(|| {
        let message = "no password was proposed: the host of an in-place plugin brings it along";
        Failure::invalid("nothing-proposed", message)
    })
}

/// Sets a password, and tells when Graph says that it did. To set the same one again changes
/// nothing but that time.
pub fn set(host: &dyn Host, request: &Request, plan: &Plan, password: &str) -> Result<Timestamp, Failure> {
    let settings = Settings::read(request)?;
    let target = Target::of(plan, &settings.cloud.graph)?;
    let admin = Admin::pick(request)?;
    let graph = Session::open(host, request, &settings.cloud, &admin)?.after_preflight();
    let profile = json!({"password": password, "forceChangePasswordNextSignIn": settings.force_change});
    let path = format!("/users/{}", target.object_id);
    let change = graph.change(&Method::PATCH, &path, &json!({"passwordProfile": profile}), |answer| {
        let answer = answer.map_err(|error| error.while_changing())?;
        match answer.status() {
            StatusCode::NO_CONTENT => return Ok(Change::Done(date(&answer))),
            status if status.is_success() => {
                let message = "the change of the password was answered by something that is not Graph";
                return Err(Failure::uncertain("graph-unclear", message));
            }
            _ => {}
        }
        let refusal = graph.refusal(&answer);
        if is_used_before(&refusal) {
            return Ok(Change::UsedBefore(refusal));
        }
        Err(refusal.while_changing(refused))
    })?;
    match change {
        Change::Done(at) => at.map_or_else(|| now(host), Ok),
        Change::UsedBefore(refusal) => {
            judge_used(host, &graph, &settings, &target, password, &refusal)?;
            now(host)
        }
    }
}

/// Decides what it means that the user had the password before: where an earlier try has set it, and
/// only its answer was lost, all is well.
fn judge_used(
    host: &dyn Host,
    graph: &Session<'_>,
    settings: &Settings,
    target: &Target,
    password: &str,
    refusal: &Refusal,
) -> Result<(), Failure> {
    let unclear = |why: &str| {
        let said = refusal.say("refuses a password that the user had before");
        let message = format!("{said}; whether it is the current one is unknown: {why}");
        Err(Failure::uncertain("password-used-before", message))
    };
    if settings.verify == Verify::Trust {
        return unclear("the setting verify=trust allows no sign-in to find out");
    }
    let user = match User::read(graph, &target.object_id) {
        Ok(user) => user,
        Err(failure) => return unclear(&failure.message),
    };
    match sign_in(host, graph.login(), &user.principal_name, password, settings.verify_window) {
        Ok(SignIn::Right) => Ok(()),
        Ok(SignIn::Undecided(why)) => unclear(&why),
        Err(failure) if failure.kind == FailureKind::WrongCredential => {
            let said = "refuses a password that the user had before, and it is not the current one; let another \
                        be generated";
            Err(Failure::denied("password-used-before", refusal.say(said)))
        }
        Err(failure) => unclear(&failure.message),
    }
}

/// The service's clock, by which its directory tells of changes.
fn date(answer: &Response<Vec<u8>>) -> Option<Timestamp> {
    let date = answer.headers().get(http::header::DATE)?.to_str().ok()?;
    Some(rfc2822::parse(date).ok()?.timestamp())
}

fn now(host: &dyn Host) -> Result<Timestamp, Failure> {
    Timestamp::try_from(host.now()).and_then(|now| now.round(Unit::Second)).map_err(|error| {
        // The password is set by then.
        Failure::uncertain("clock-unusable", format!("this machine's clock is off: {error}"))
    })
}
