//! A plugin that rotates the key of a simple service and does one bad thing on the way: the one that the
//! setting `behaviour` names. `misdeeds.rs` has those that happen at the beginning of the step that the
//! setting `step` names; the others have their place here.
//!
//! It calls its requests by name and not by the functions of [`requests`], since what it says of them would
//! not compile otherwise.

mod misdeeds;

use pamrun_plugin::{
    Answer, Credential, Failure, Finding, Host, Level, Listed, Plan, Plugin, Proof, Request, Retired,
    Trouble, Value, Values,
};

use requests::inputs::Target;
use requests::settings::{Behaviour, Settings, Step};

pamrun_plugin::requests!("plugin.toml");

/// The id of no credential.
pub const GUESSED: &str = "0";

struct Misbehaving;

pamrun_plugin::export!(Misbehaving);

impl Plugin for Misbehaving {
    fn preflight(host: &dyn Host, request: &Request) -> Result<Plan, Failure> {
        let me = Me::of(host, request)?;
        me.misbehave(Step::Preflight)?;
        let listed = me.list()?;
        let mut plan = Plan {
            creates: "a key".to_owned(),
            removes: listed
                .iter()
                .map(|key| key.id.clone())
                .filter(|id| Some(id.as_str()) == me.old)
                .collect(),
            ..Plan::default()
        };
        match me.settings.behaviour {
            Behaviour::FloodPlan => {
                let finding = Finding::info("flood", "x".repeat(1024));
                plan.findings = vec![finding; 8 * 1024];
            }
            Behaviour::LongContext => plan.context = "x".repeat(16 * 1024 + 1),
            Behaviour::PlanGuessed => plan.removes.push(GUESSED.to_owned()),
            Behaviour::PlanStranger => plan.removes.extend(strangers(&listed).map(str::to_owned)),
            Behaviour::IgnoreRefusal => drop(me.call("denied", &[])),
            _ => {}
        }
        Ok(plan)
    }

    fn rotate(host: &dyn Host, request: &Request, _: &Plan) -> Result<Credential, Failure> {
        let me = Me::of(host, request)?;
        me.misbehave(Step::Rotate)?;
        let behaviour = me.settings.behaviour;
        if behaviour == Behaviour::CreateNone {
            return Ok(Credential::new(GUESSED));
        }
        let id = match me.call("create", &[]) {
            // What an honest plugin would have to say of it, it does not.
            Err(Trouble::Uncertain(_)) if behaviour == Behaviour::HideUncertain => GUESSED.to_owned(),
            Err(Trouble::Uncertain(_)) if behaviour == Behaviour::SayDenied => {
                return Err(Failure::denied("denied", "the service makes no keys, it says"));
            }
            made => made?.outputs.text("id").unwrap_or_default().to_owned(),
        };
        assert!(behaviour != Behaviour::TrapHalfway, "trapped as told, after a key was made");
        let made = Credential::new(id.as_str());
        Ok(match behaviour {
            Behaviour::SayDenied => {
                return Err(Failure::denied("denied", "the service makes no keys, it says"));
            }
            Behaviour::CreateTwice => {
                me.call("create", &[])?;
                made
            }
            Behaviour::CreateTwo => {
                me.call("create-too", &[])?;
                made
            }
            Behaviour::ShowTheNewSecret => {
                me.call("show", &[("key", id.as_str().into())])?;
                made
            }
            Behaviour::OtherId => Credential::new(me.old.unwrap_or(GUESSED)),
            Behaviour::ReturnUndeclared => made.returning("undeclared", "surprise"),
            Behaviour::ReturnKept => made.returning("key", "a key of the plugin's own"),
            _ => made.returning("note", "made by misbehaving"),
        })
    }

    fn verify(host: &dyn Host, request: &Request, _: &Plan, _: Option<&str>) -> Result<Proof, Failure> {
        let me = Me::of(host, request)?;
        me.misbehave(Step::Verify)?;
        if me.settings.step == Step::Rollback {
            return Err(Failure::wrong_credential("wrong-key", "so that there is something to roll back"));
        }
        match me.settings.behaviour {
            Behaviour::NoProof => {}
            Behaviour::WrongProof => drop(me.call("account", &[])?),
            // The service said no.
            Behaviour::FailedProof => drop(me.call("login", &[])),
            _ => drop(me.call("login", &[])?),
        }
        Ok(Proof::Verified)
    }

    fn commit(
        host: &dyn Host,
        request: &Request,
        plan: &Plan,
        _: Option<&str>,
    ) -> Result<Vec<Retired>, Failure> {
        let me = Me::of(host, request)?;
        me.misbehave(Step::Commit)?;
        for id in &plan.removes {
            match me.settings.behaviour {
                Behaviour::CommitByWord => {}
                Behaviour::HideUncertain => drop(me.remove(id)),
                _ => drop(me.remove(id)?),
            }
        }
        Ok(plan.removes.iter().map(Retired::gone).collect())
    }

    fn rollback(
        host: &dyn Host,
        request: &Request,
        _: &Plan,
        id: Option<&str>,
    ) -> Result<Vec<Retired>, Failure> {
        let me = Me::of(host, request)?;
        me.misbehave(Step::Rollback)?;
        let mut retired = Vec::new();
        for key in me.list()? {
            let is_ours = Some(key.id.as_str()) == id;
            if is_ours || key.label.as_deref().is_some_and(|name| request.made_this(name)) {
                if me.settings.behaviour != Behaviour::UndoByWord {
                    me.remove(&key.id)?;
                }
                retired.push(Retired::gone(key.id));
            }
        }
        Ok(retired)
    }
}

/// The plugin in one step.
struct Me<'a> {
    host: &'a dyn Host,
    settings: Settings,
    /// The id of the key that the record names.
    old: Option<&'a str>,
}

impl<'a> Me<'a> {
    fn of(host: &'a dyn Host, request: &'a Request) -> Result<Self, Failure> {
        Ok(Self { host, settings: Settings::of(request)?, old: Target::of(request).key_id })
    }

    fn call(&self, name: &str, params: &[(&str, Value)]) -> Result<Answer, Trouble> {
        self.host.call(name, params)
    }

    fn say(&self, text: &str) {
        self.host.log(Level::Info, text);
    }

    fn list(&self) -> Result<Vec<Listed<Values>>, Trouble> {
        Ok(self.call("keys", &[])?.items)
    }

    fn remove(&self, id: &str) -> Result<Answer, Trouble> {
        self.call("remove", &[("key", id.into())])
    }
}

/// The keys of somebody else.
fn strangers(listed: &[Listed<Values>]) -> impl Iterator<Item = &str> {
    listed.iter().filter(|key| key.label.as_deref() == Some("of somebody else")).map(|key| key.id.as_str())
}
