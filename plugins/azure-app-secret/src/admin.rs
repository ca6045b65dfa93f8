//! Whose credentials are used: the admin app's.

use pamrun_plugin::{Failure, Record, Request, Role};

use crate::manifest::{SECRET, SPELLINGS};

/// The credentials of the admin app, and the record that they come from.
pub struct Admin<'a> {
    pub client_id: &'a str,
    pub client_secret: &'a str,
    pub tenant_id: String,
    pub record: &'a Record,
}

impl<'a> Admin<'a> {
    /// Picks the first complete set: attached records before the PAM configuration, and in each the
    /// spellings in the order of preference; last the target's own record, with the one spelling
    /// whose secret is the field that gets the new secret.
    pub fn pick(request: &'a Request) -> Result<Self, Failure> {
        let others = [Role::Attached, Role::Provider].into_iter().flat_map(|role| {
            let candidates = move || request.others.iter().filter(move |record| record.role == role);
            SPELLINGS.iter().flat_map(move |spelling| candidates().map(move |record| (record, spelling)))
        });
        let own = SPELLINGS
            .iter()
            .filter(|spelling| spelling.client_secret == SECRET)
            .map(|spelling| (&request.target, spelling));
        let (record, spelling) = others
            .chain(own)
            .find(|(record, spelling)| record.has(&spelling.fields()))
            .ok_or_else(|| missing(request))?;
        Ok(Self {
            client_id: record.text(spelling.client_id)?.trim(),
            client_secret: record.text(spelling.client_secret)?,
            tenant_id: tenant(record, record.text(spelling.tenant_id)?)?,
            record,
        })
    }

    /// Tells whether the app that is rotated logs in as itself.
    pub fn is_own(&self) -> bool {
        self.record.role == Role::Target
    }

    /// Names the app in messages, by its record.
    pub fn who(&self) -> String {
        let record = format!("\"{}\" ({})", self.record.title, self.record.uid);
        if self.is_own() {
            return format!(
                "the app of the target record {record}, since no other record has admin credentials,"
            );
        }
        format!("the admin app of the record {record}")
    }
}

/// A tenant becomes a part of a URL, and must be one that secrets work for.
fn tenant(record: &Record, value: &str) -> Result<String, Failure> {
    let tenant = value.trim().to_ascii_lowercase();
    let is_name = !tenant.is_empty()
        && !tenant.starts_with('.')
        && tenant.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    if is_name && !["common", "organizations", "consumers"].contains(&tenant.as_str()) {
        return Ok(tenant);
    }
    let message = format!(
        "the tenant id in the record \"{}\" ({}) must be the directory's id or one of its domains",
        record.title, record.uid
    );
    Err(Failure::invalid("tenant-malformed", message))
}

fn missing(request: &Request) -> Failure {
    let partial = request.others.iter().chain([&request.target]).find_map(|record| {
        let spelling = SPELLINGS.iter().find(|spelling| record.get(spelling.client_id).is_some())?;
        let lacks: Vec<_> =
            spelling.fields().into_iter().filter(|field| record.get(field).is_none()).collect();
        Some(format!("; the record \"{}\" ({}) lacks {}", record.title, record.uid, lacks.join(" and ")))
    });
    let message = format!(
        "no record has the credentials of an admin app: attach one with the fields application_client_id, \
         client_secret and tenant_id to the script, or put clientId, clientSecret and tenantId into the PAM \
         configuration{}",
        partial.unwrap_or_default()
    );
    Failure::invalid("no-admin-credentials", message)
}
