//! Parameters: what the plugin fills in.

use super::Checked;
use crate::manifest::Parameter;
use crate::refusal::Refusals;
use crate::template::Reference;

pub(super) fn check(checked: &Checked<'_>, refusals: &mut Refusals) {
    for parsed in &checked.requests {
        let (whole, request) = (&parsed.whole, parsed.whole.request);
        let uses = parsed.uses();
        let polls = checked.requests.iter().any(|other| {
            other.whole.request.pending.as_ref().is_some_and(|pending| pending.request == whole.name)
        });
        for (name, parameter) in &request.params {
            let at = whole.at().keys(["params", name]);
            let is_used = uses.iter().any(|used| used.expression.reference == Reference::Bare(name.clone()));
            if !is_used {
                refusals.add(
                    at.clone(),
                    format!("the parameter `{name}` stands nowhere in the request"),
                    format!("write `{{{name}}}` where it belongs, or leave it out"),
                );
            }
            match parameter {
                Parameter::OneOf(words) if words.is_empty() => {
                    refusals.add(at, "there is nothing to choose from", "write one word at least");
                }
                Parameter::Answer if request.effect.changes() => {
                    refusals.add(
                        at,
                        "`answer` is for the request that a pending one is asked for with, and that reads",
                        "use it in a request with `effect = \"reads\"`",
                    );
                }
                Parameter::Answer if !polls => {
                    refusals.add(
                        at,
                        "no `pending` gives this parameter, and a plugin cannot",
                        format!(
                            "add `pending = {{ request = \"{}\", … }}` to the request that it polls for",
                            whole.name
                        ),
                    );
                }
                Parameter::Credential | Parameter::Time | Parameter::Int | Parameter::OneOf(_) if polls => {
                    refusals.add(
                        at,
                        "`pending` asks with parameters of kind `answer` alone",
                        "declare it as `answer`, or poll with another request",
                    );
                }
                _ => {}
            }
        }
        if request.lists.is_some() && !request.params.is_empty() {
            refusals.add(
                whole.at().key("params"),
                "a request with `lists` takes no parameters: it shows the target's credentials, all of them",
                "leave them out, or take rows with `outputs`",
            );
        }
    }
}
