//! Whose credentials are used: the admin app's.

use pamrun_plugin::{Failure, Manifest, Record, RecordAsk, Request, Role};

/// The names that one kind of record gives to the credentials of the admin app.
#[derive(Debug)]
pub struct Spelling {
    /// The field that holds the application (client) id.
    pub client_id: &'static str,
    /// The field that holds the value of the client secret.
    pub client_secret: &'static str,
    /// The field that holds the directory (tenant) id.
    pub tenant_id: &'static str,
}

impl Spelling {
    const fn new(client_id: &'static str, client_secret: &'static str, tenant_id: &'static str) -> Self {
        Self { client_id, client_secret, tenant_id }
    }

    /// The three fields.
    #[must_use]
    pub fn fields(&self) -> [&'static str; 3] {
        [self.client_id, self.client_secret, self.tenant_id]
    }
}

/// All spellings, in the order of preference: the admin record of Keeper's page first, then
/// those of PAM configurations (Commander, a developer kit, the helper templates).
pub const SPELLINGS: [Spelling; 4] = [
    Spelling::new("application_client_id", "client_secret", "tenant_id"),
    Spelling::new("clientId", "clientSecret", "tenantId"),
    Spelling::new("pamazureclientid", "pamazureclientsecret", "pamazuretenantid"),
    Spelling::new("Client Id", "Client Secret", "Tenant Id"),
];

/// Asks for the records that may hold the credentials: attached ones in every spelling, and the
/// PAM configuration.
#[must_use]
pub fn ask_for_admin(mut manifest: Manifest) -> Manifest {
    for spelling in &SPELLINGS {
        manifest = manifest.record(
            RecordAsk::attached(spelling.fields())
                .having([spelling.client_id])
                .plain([spelling.client_id, spelling.tenant_id]),
        );
    }
    let ids = SPELLINGS.iter().flat_map(|spelling| [spelling.client_id, spelling.tenant_id]);
    manifest.record(RecordAsk::provider(SPELLINGS.iter().flat_map(Spelling::fields)).plain(ids))
}

/// The credentials of the admin app, and the record that they come from.
pub struct Admin<'a> {
    /// Its application (client) id.
    pub client_id: &'a str,
    /// The value of its client secret.
    pub client_secret: &'a str,
    /// The directory's id or one of its domains, in lower case and fit for a URL.
    pub tenant_id: String,
    /// Where they come from.
    pub record: &'a Record,
}

impl<'a> Admin<'a> {
    /// Picks the first complete set: attached records before the PAM configuration, and in each the
    /// spellings in the order of preference; last the target's own record, in the first spelling,
    /// where the manifest asks for those fields of it.
    ///
    /// # Errors
    /// `no-admin-credentials`, and `tenant-malformed`.
    pub fn pick(request: &'a Request) -> Result<Self, Failure> {
        let others = [Role::Attached, Role::Provider].into_iter().flat_map(|role| {
            let candidates = move || request.others.iter().filter(move |record| record.role == role);
            SPELLINGS.iter().flat_map(move |spelling| candidates().map(move |record| (record, spelling)))
        });
        let own = SPELLINGS.iter().take(1).map(|spelling| (&request.target, spelling));
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
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.record.role == Role::Target
    }

    /// Names the app in messages, by its record.
    #[must_use]
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
