//! What is asked of Azure DevOps.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Response, StatusCode};
use microsoft_graph::{Admin, Answered, Refusal, Refuser, Service, patiently, read_json};
use pamrun_plugin::{Failure, Host, Record, Request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::group::Group;
use crate::manifest::PAT;
use crate::settings::Settings;

/// Azure DevOps, as a resource of Entra.
const RESOURCE: &str = "499b84ac-1321-427f-aa17-267ca6975798";
const VERSION: &str = "api-version=7.1";
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Who enters.
pub enum Access<'a> {
    /// The admin app.
    Admin(Box<Service<'a>>),
    /// Whoever made a personal access token: the header that shows it.
    Token(String),
}

impl<'a> Access<'a> {
    pub fn admin(
        host: &'a dyn Host,
        request: &'a Request,
        settings: &'a Settings,
        admin: &'a Admin<'a>,
    ) -> Result<Self, Failure> {
        Service::open(host, request, &settings.authority, RESOURCE, admin)
            .map(|service| Self::Admin(Box::new(service)))
    }

    pub fn token_of(record: &Record) -> Result<Self, Failure> {
        let pair = format!(":{}", record.text(PAT)?.trim());
        Ok(Self::Token(format!("Basic {}", BASE64_STANDARD.encode(pair))))
    }

    fn who(&self) -> &'static str {
        match self {
            Self::Admin(_) => "the admin app",
            Self::Token(_) => "the personal access token",
        }
    }
}

/// Azure DevOps, entered.
pub struct Devops<'a> {
    host: &'a dyn Host,
    request: &'a Request,
    settings: &'a Settings,
    access: Access<'a>,
}

#[derive(Deserialize)]
struct List {
    value: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    id: u64,
    name: String,
}

impl<'a> Devops<'a> {
    pub fn new(host: &'a dyn Host, request: &'a Request, settings: &'a Settings, access: Access<'a>) -> Self {
        Self { host, request, settings, access }
    }

    /// The id of the group that the settings name.
    pub fn find(&self) -> Result<u64, Failure> {
        let group = &self.settings.group;
        if let Ok(id) = group.parse() {
            return Ok(id);
        }
        let url = self.url_in_project(&format!("?groupName={}&", utf8_percent_encode(group, PART)));
        let list: List = self.get(&url)?;
        let found = list.value.into_iter().find(|listed| listed.name.eq_ignore_ascii_case(group));
        found.map(|listed| listed.id).ok_or_else(|| {
            let Settings { organization, project, .. } = self.settings;
            let message = format!(
                "the project {project} of {organization} has no variable group {group:?}, or {} may not see it",
                self.access.who()
            );
            Failure::not_found("group-not-found", message)
        })
    }

    /// A group.
    pub fn group(&self, id: u64) -> Result<Group, Failure> {
        self.get(&self.url_in_project(&format!("/{id}?")))
    }

    fn get<T: DeserializeOwned>(&self, url: &str) -> Result<T, Failure> {
        patiently(self.host, || {
            let answer = self.send(&Method::GET, url, &[])?.map_err(|error| error.while_reading())?;
            if !answer.status().is_success() || answer.status() == StatusCode::NON_AUTHORITATIVE_INFORMATION {
                return Err(self.refused(&answer, false));
            }
            let is_page = answer.body().trim_ascii_start().starts_with(b"<");
            read_json(answer.body()).map_err(|_| {
                if is_page {
                    return self.not_let_in(&answer);
                }
                Failure::unavailable("devops-unreadable", "Azure DevOps' answer is not what was asked for")
            })
        })
    }

    /// Writes a group.
    pub fn put(&self, group: &Group) -> Result<(), Failure> {
        let Settings { devops, organization, .. } = self.settings;
        let organization = utf8_percent_encode(organization, PART);
        let url = format!(
            "https://{devops}/{organization}/_apis/distributedtask/variablegroups/{}?{VERSION}",
            group.id
        );
        let body = group.body().to_string();
        patiently(self.host, || {
            let sent = self.send(&Method::PUT, &url, body.as_bytes())?;
            let answer = sent.map_err(|error| error.while_changing())?;
            match answer.status() {
                StatusCode::OK if answer.body().trim_ascii_start().starts_with(b"{") => Ok(()),
                _ => Err(self.refused(&answer, true)),
            }
        })
    }

    fn send(&self, method: &Method, url: &str, body: &[u8]) -> Result<Answered, Failure> {
        let header = match &self.access {
            Access::Admin(service) => return service.send(method, url, body),
            Access::Token(header) => header,
        };
        let mut request = http::Request::builder()
            .method(method)
            .uri(url)
            .header(AUTHORIZATION, header)
            .header(ACCEPT, "application/json")
            .header("client-request-id", &self.request.rotation_id);
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        Ok(self.host.send(request.body(body.to_vec())?))
    }

    /// What an answer means that is no success.
    fn refused(&self, answer: &Response<Vec<u8>>, changes: bool) -> Failure {
        let devops =
            Refuser { name: "Azure DevOps".to_owned(), code: "devops", object: "group", token_hint: "" };
        let refusal = Refusal::of(devops, answer, self.host.now());
        if changes {
            return refusal.while_changing(|refusal| self.known(refusal, answer, true));
        }
        refusal.while_reading(|refusal| self.known(refusal, answer, false))
    }

    fn known(&self, refusal: &Refusal, answer: &Response<Vec<u8>>, changes: bool) -> Option<Failure> {
        let who = self.access.who();
        match refusal.status() {
            StatusCode::FORBIDDEN if is_denied(refusal) => {
                let scope = match self.access {
                    Access::Admin(_) => "",
                    Access::Token(_) => {
                        ", and give the token the scope Variable Groups (read, create & manage)"
                    }
                };
                let what =
                    format!("denies it to {who}: make it an administrator of the variable group{scope}");
                Some(Failure::denied("missing-right", refusal.say(&what)))
            }
            StatusCode::UNAUTHORIZED if changes => {
                let what = format!("lets {who} read the group, and not write it");
                Some(Failure::denied("missing-right", refusal.say(&what)))
            }
            StatusCode::NOT_FOUND => {
                let what = format!("has no such project or variable group, or {who} may not see it");
                Some(Failure::not_found("group-not-found", refusal.say(&what)))
            }
            StatusCode::UNAUTHORIZED | StatusCode::NON_AUTHORITATIVE_INFORMATION => {
                Some(self.not_let_in(answer))
            }
            // Whom it does not know it sends to a page where people sign in.
            status => (status.is_redirection() || status.is_success()).then(|| self.not_let_in(answer)),
        }
    }

    fn not_let_in(&self, answer: &Response<Vec<u8>>) -> Failure {
        let remedy = match self.access {
            Access::Admin(_) => {
                "add it to the users of the organization, which must be connected to its tenant"
            }
            Access::Token(_) => "it is wrong, has expired, or is for another organization: make a new one",
        };
        let message = format!(
            "Azure DevOps does not know {} (HTTP {}, a page for people): {remedy}",
            self.access.who(),
            answer.status().as_u16()
        );
        Failure::denied("token-refused", message)
    }

    /// The groups of the project; `rest` follows, and ends where further parameters may.
    fn url_in_project(&self, rest: &str) -> String {
        let Settings { devops, organization, project, .. } = self.settings;
        let [organization, project] = [organization, project].map(|part| utf8_percent_encode(part, PART));
        format!(
            "https://{devops}/{organization}/{project}/_apis/distributedtask/variablegroups{rest}{VERSION}"
        )
    }
}

/// Whether a right is missing: each service of Azure DevOps has its own word for that, and all explain it.
fn is_denied(refusal: &Refusal) -> bool {
    refusal.is_nameless()
        || refusal.is("AccessDeniedException")
        || refusal.mentions(&["permission", "access denied", "not authorized"])
}
