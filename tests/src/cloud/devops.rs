//! A stand-in for one Azure DevOps organization with one variable group. Like the real one it takes a group as
//! a whole, deletes what is left out, and never shows the value of a secret variable.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::Directory;
use crate::canary::random_text;
use crate::net::{Answer, Received};

/// Where it is.
pub const DEVOPS: &str = "dev.azure.com";
/// What tokens for it are for.
pub(super) const RESOURCE: &str = "499b84ac-1321-427f-aa17-267ca6975798";

/// What it holds. What a test changes counts at once.
#[derive(Debug)]
pub struct Organization {
    /// The group, as it is shown: secret variables without their values.
    pub group: Value,
    /// The values of secret variables.
    pub hidden: BTreeMap<String, String>,
    /// The personal access token that is known besides tokens of Entra.
    pub pat: String,
    /// Whether nobody may write the group.
    pub read_only: bool,
    before: Vec<Value>,
}

impl Organization {
    /// The organization `contoso` with the group 7 in its project `payroll`.
    pub(super) fn new() -> Self {
        let group = json!({
            "id": 7, "type": "Vsts", "name": "Payroll", "description": "Löhne, \u{20ac}",
            "createdBy": {"displayName": "somebody"}, "isShared": true,
            "variables": {
                "CLIENT_SECRET": {"value": null, "isSecret": true},
                "DATABASE": {"value": null, "isSecret": true},
                "Region": {"value": " west \u{e9}urope\t", "isReadOnly": true},
                "empty": {"value": ""},
            },
            "variableGroupProjectReferences": [
                {"name": "Payroll", "description": "", "projectReference": {"id": "6f1c", "name": "payroll"}},
                {"name": "Payroll", "description": "", "projectReference": {"id": "9d2e", "name": "reports"}},
            ],
        });
        let hidden = ["CLIENT_SECRET", "DATABASE"].map(|name| (name.to_owned(), random_text(30)));
        Self { group, hidden: hidden.into(), pat: random_text(52), read_only: false, before: Vec::new() }
    }

    /// Everything but one variable, hidden values included, as one text.
    pub fn all_but(&self, variable: &str) -> String {
        let (mut group, mut hidden) = (self.group.clone(), self.hidden.clone());
        group["variables"].as_object_mut().unwrap().remove(variable);
        hidden.remove(variable);
        format!("{group} {hidden:?}")
    }

    fn answer(&mut self, request: &Received, behind: usize) -> Answer {
        let refuse =
            |status, key: &str| Answer::json(status, &json!({"message": "Refused.", "typeKey": key}));
        let path = request.path();
        let segments: Vec<_> = path.trim_start_matches('/').split('/').collect();
        let version = request.query().contains("api-version=7.1");
        match (request.method.as_str(), segments.as_slice()) {
            _ if !version => refuse(400, "VssVersionNotSpecifiedException"),
            ("GET", ["contoso", "payroll", "_apis", "distributedtask", "variablegroups", "7"]) => {
                let shown = self.before.len().checked_sub(behind).filter(|_| behind > 0);
                Answer::json(200, shown.map_or(&self.group, |at| &self.before[at]))
            }
            ("GET", ["contoso", "payroll", "_apis", "distributedtask", "variablegroups"]) => {
                Answer::json(200, &json!({"count": 1, "value": [self.group]}))
            }
            ("PUT", ["contoso", "_apis", "distributedtask", "variablegroups", "7"]) => {
                let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
                    return refuse(400, "InvalidRequestException");
                };
                if body["variableGroupProjectReferences"].as_array().is_none_or(Vec::is_empty) {
                    return refuse(401, "AccessDeniedException");
                }
                if self.read_only {
                    return refuse(403, "AccessDeniedException");
                }
                self.write(&body);
                Answer::json(200, &self.group)
            }
            _ => refuse(404, "VariableGroupDoesNotExistException"),
        }
    }

    fn write(&mut self, body: &Value) {
        self.before.push(self.group.clone());
        let mut variables = body["variables"].clone();
        let mut hidden = BTreeMap::new();
        for (name, variable) in variables.as_object_mut().unwrap() {
            if variable["isSecret"] == true {
                let kept = self.hidden.get(name).cloned().unwrap_or_default();
                hidden.insert(name.clone(), variable["value"].as_str().map_or(kept, str::to_owned));
                variable["value"] = Value::Null;
            }
        }
        self.hidden = hidden;
        self.group["variables"] = variables;
        for key in ["name", "type", "description", "variableGroupProjectReferences"] {
            self.group[key] = body[key].clone();
        }
    }
}

impl Directory {
    /// Answers a request to Azure DevOps; reads are those of so many writes ago.
    pub(super) fn ask_devops(&mut self, request: &Received, behind: usize) -> Answer {
        let pat = format!("Basic {}", BASE64_STANDARD.encode(format!(":{}", self.devops.pat)));
        if request.header("authorization") == pat || self.is_let_in(request, RESOURCE) {
            return self.devops.answer(request, behind);
        }
        // Whom it does not know it shows a page for people.
        let page = "<html><title>Azure DevOps Services | Sign In</title></html>";
        Answer { body: page.into(), ..Answer::empty(203) }.with("content-type", "text/html")
    }
}
