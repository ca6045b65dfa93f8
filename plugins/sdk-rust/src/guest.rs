//! The component side: exports the five steps, and converts between the interface's words and ours.

use std::marker::PhantomData;
use std::time::{Duration, Instant, SystemTime};

use self::bindings::exports::pamrun::plugin::rotation::Guest;
use self::bindings::pamrun::plugin::{http, log, model as wire};
use crate::{
    Answer, Credential, Failure, FailureKind, Finding, FindingLevel, Host, Level, Listed, Mode, Plan, Plugin,
    Proof, Rejection, Request, Retired, Slots, State, Trouble, Value, Values,
};

pub mod bindings;

const STAMP_TEXT: &str = concat!("language=rust sdk=", env!("CARGO_PKG_VERSION"));

/// Tells a host what built the plugin.
#[expect(unsafe_code, reason = "a custom section is a link section, and no code ever reads this one")]
#[unsafe(link_section = "pamrun-sdk")]
#[used]
static STAMP: [u8; STAMP_TEXT.len()] = {
    let mut stamp = [0; STAMP_TEXT.len()];
    stamp.copy_from_slice(STAMP_TEXT.as_bytes());
    stamp
};

/// The world outside a component.
struct World {
    began: Instant,
}

impl World {
    fn new() -> Self {
        Self { began: Instant::now() }
    }
}

impl Host for World {
    fn call(&self, request: &str, params: &[(&str, Value)]) -> Result<Answer, Trouble> {
        let params: Vec<wire::Named> = params
            .iter()
            .map(|(name, value)| wire::Named { name: (*name).to_owned(), value: value.clone().into() })
            .collect();
        http::call(request, &params).map(Into::into).map_err(Into::into)
    }

    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    fn sleep(&self, pause: Duration) {
        std::thread::sleep(pause);
    }

    fn log(&self, level: Level, message: &str) {
        let level = match level {
            Level::Debug => log::Level::Debug,
            Level::Info => log::Level::Info,
            Level::Warn => log::Level::Warn,
        };
        log::write(level, message);
    }
}

/// The exported face of a plugin.
pub struct Exports<P>(PhantomData<P>);

impl<P: Plugin> Guest for Exports<P> {
    fn preflight(request: wire::Request) -> Result<wire::Plan, wire::Failure> {
        Ok(P::preflight(&World::new(), &request.into())?.into())
    }

    fn rotate(request: wire::Request, plan: wire::Plan) -> Result<wire::Credential, wire::Failure> {
        let Credential { id, returns, expires } = P::rotate(&World::new(), &request.into(), &plan.into())?;
        Ok(wire::Credential { id, returns: returns.into(), expires })
    }

    fn verify(
        request: wire::Request,
        plan: wire::Plan,
        id: Option<String>,
    ) -> Result<wire::Proof, wire::Failure> {
        Ok(match P::verify(&World::new(), &request.into(), &plan.into(), id.as_deref())? {
            Proof::Verified => wire::Proof::Verified,
            Proof::Unproven(reason) => wire::Proof::Unproven(reason),
        })
    }

    fn commit(
        request: wire::Request,
        plan: wire::Plan,
        id: Option<String>,
    ) -> Result<Vec<wire::Retired>, wire::Failure> {
        let retired = P::commit(&World::new(), &request.into(), &plan.into(), id.as_deref())?;
        Ok(retired.into_iter().map(Into::into).collect())
    }

    fn rollback(
        request: wire::Request,
        plan: wire::Plan,
        id: Option<String>,
    ) -> Result<Vec<wire::Retired>, wire::Failure> {
        let retired = P::rollback(&World::new(), &request.into(), &plan.into(), id.as_deref())?;
        Ok(retired.into_iter().map(Into::into).collect())
    }
}

impl From<Value> for wire::Value {
    fn from(value: Value) -> Self {
        match value {
            Value::Text(text) => Self::Text(text),
            Value::Integer(number) => Self::Integer(number),
            Value::Flag(flag) => Self::Flag(flag),
            Value::Duration(span) => Self::Duration(u32::try_from(span.as_millis()).unwrap_or(u32::MAX)),
            Value::Texts(texts) => Self::Texts(texts),
            Value::Secret => Self::Secret,
        }
    }
}

impl From<wire::Value> for Value {
    fn from(value: wire::Value) -> Self {
        match value {
            wire::Value::Text(text) => Self::Text(text),
            wire::Value::Integer(number) => Self::Integer(number),
            wire::Value::Flag(flag) => Self::Flag(flag),
            wire::Value::Duration(millis) => Self::Duration(Duration::from_millis(millis.into())),
            wire::Value::Texts(texts) => Self::Texts(texts),
            wire::Value::Secret => Self::Secret,
        }
    }
}

impl From<Vec<wire::Named>> for Values {
    fn from(values: Vec<wire::Named>) -> Self {
        Self(values.into_iter().map(|wire::Named { name, value }| (name, value.into())).collect())
    }
}

impl From<Values> for Vec<wire::Named> {
    fn from(values: Values) -> Self {
        values.0.into_iter().map(|(name, value)| wire::Named { name, value: value.into() }).collect()
    }
}

impl From<http::Answer> for Answer {
    fn from(answer: http::Answer) -> Self {
        let listed = |item: wire::Listed| Listed {
            id: item.id,
            label: item.label,
            created: item.created,
            expires: item.expires,
            disabled: item.disabled,
            outputs: item.outputs.into(),
        };
        Self { outputs: answer.outputs.into(), items: answer.items.into_iter().map(listed).collect() }
    }
}

impl From<http::Trouble> for Trouble {
    fn from(trouble: http::Trouble) -> Self {
        let said = |rejection: http::Rejection| Rejection {
            request: rejection.request,
            status: rejection.status,
            errors: rejection.errors.into(),
            retry_after: rejection.retry_after.map(|millis| Duration::from_millis(millis.into())),
        };
        match trouble {
            http::Trouble::Rejected(rejection) => Self::Rejected(said(rejection)),
            http::Trouble::Unavailable(rejection) => Self::Unavailable(said(rejection)),
            http::Trouble::Uncertain(why) => Self::Uncertain(why),
            http::Trouble::Refused(why) => Self::Refused(why),
        }
    }
}

impl From<wire::Request> for Request {
    fn from(request: wire::Request) -> Self {
        let mode = match request.mode {
            wire::Mode::DryRun => Mode::DryRun,
            wire::Mode::Act => Mode::Act,
        };
        Self {
            target: request.target,
            inputs: request.inputs.into(),
            settings: request.settings.into(),
            deliver: request.deliver,
            ..Self::new(request.rotation_id, request.marker, request.attempt, mode)
        }
    }
}

impl From<Finding> for wire::Finding {
    fn from(Finding { level, code, message, fix }: Finding) -> Self {
        let level = match level {
            FindingLevel::Info => wire::Level::Info,
            FindingLevel::Warning => wire::Level::Warning,
            FindingLevel::Error => wire::Level::Error,
        };
        Self { level, code, message, fix }
    }
}

impl From<wire::Finding> for Finding {
    fn from(finding: wire::Finding) -> Self {
        let level = match finding.level {
            wire::Level::Info => FindingLevel::Info,
            wire::Level::Warning => FindingLevel::Warning,
            wire::Level::Error => FindingLevel::Error,
        };
        Self { level, code: finding.code, message: finding.message, fix: finding.fix }
    }
}

impl From<Plan> for wire::Plan {
    fn from(Plan { creates, removes, slots, context, findings }: Plan) -> Self {
        let slots = slots.map(|Slots { used, most }| wire::Slots { used, most });
        Self { creates, removes, slots, context, findings: findings.into_iter().map(Into::into).collect() }
    }
}

impl From<wire::Plan> for Plan {
    fn from(plan: wire::Plan) -> Self {
        Self {
            creates: plan.creates,
            removes: plan.removes,
            slots: plan.slots.map(|wire::Slots { used, most }| Slots { used, most }),
            context: plan.context,
            findings: plan.findings.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Retired> for wire::Retired {
    fn from(Retired { id, state }: Retired) -> Self {
        let state = match state {
            State::Present => wire::State::Present,
            State::Disabled => wire::State::Disabled,
            State::Gone => wire::State::Gone,
        };
        Self { id, state }
    }
}

impl From<Failure> for wire::Failure {
    fn from(Failure { kind, code, message, fix }: Failure) -> Self {
        let kind = match kind {
            FailureKind::Invalid => wire::Kind::Invalid,
            FailureKind::Denied => wire::Kind::Denied,
            FailureKind::NotFound => wire::Kind::NotFound,
            FailureKind::Conflict => wire::Kind::Conflict,
            FailureKind::WrongCredential => wire::Kind::WrongCredential,
            FailureKind::Unavailable => wire::Kind::Unavailable,
            FailureKind::Uncertain => wire::Kind::Uncertain,
            FailureKind::Other => wire::Kind::Other,
        };
        Self { kind, code, message, fix }
    }
}
