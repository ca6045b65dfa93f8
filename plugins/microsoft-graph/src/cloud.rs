//! Which hosts make up a cloud. Tokens of one cloud mean nothing in another.

use pamrun_plugin::{Failure, Finding, Manifest, Request, SettingSchema};

/// The host of the setting `authority`, in rules for requests.
pub const AUTHORITY: &str = "{setting:authority}";

/// The host of the setting `graph`, in rules for requests.
pub const GRAPH: &str = "{setting:graph}";

/// Token host and Graph host of each cloud.
const CLOUDS: [(&str, &str); 5] = [
    ("login.microsoftonline.com", "graph.microsoft.com"),
    ("login.microsoftonline.us", "graph.microsoft.us"),
    ("login.microsoftonline.us", "dod-graph.microsoft.us"),
    ("login.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn"),
    ("login.partner.microsoftonline.cn", "microsoftgraph.chinacloudapi.cn"),
];

/// Hosts that are closed for good, and what to write instead.
const RETIRED: [(&str, &str); 3] = [
    ("graph.windows.net", "that is the retired Azure AD Graph; write graph.microsoft.com"),
    ("login.microsoftonline.de", "the German cloud is closed; write login.microsoftonline.com"),
    ("graph.microsoft.de", "the German cloud is closed; write graph.microsoft.com"),
];

/// Adds the setting that names the host which gives out tokens.
#[must_use]
pub fn authority_setting(manifest: Manifest) -> Manifest {
    manifest.setting(
        SettingSchema::text("authority", "The host that gives out tokens; a bare host name.")
            .aliases(["Azure Authority FQDN"])
            .default("login.microsoftonline.com"),
    )
}

/// Reads and checks that setting.
///
/// # Errors
/// `not-a-host`, `retired-host`.
pub fn authority(request: &Request) -> Result<String, Failure> {
    bare_host("authority", request.setting_text("authority")?)
}

/// Adds the two settings that name the cloud.
#[must_use]
pub fn cloud_settings(manifest: Manifest) -> Manifest {
    authority_setting(manifest).setting(
        SettingSchema::text("graph", "The host of Microsoft Graph in the same cloud; a bare host name.")
            .aliases(["Azure Graph Endpoint"])
            .default("graph.microsoft.com"),
    )
}

/// The two hosts of a cloud, in lower case.
#[derive(Debug, PartialEq, Eq)]
pub struct Cloud {
    /// The host that gives out tokens.
    pub authority: String,
    /// The host of Microsoft Graph.
    pub graph: String,
}

impl Cloud {
    /// Reads and checks the settings of the same names.
    ///
    /// # Errors
    /// `not-a-host`, `retired-host`, and `cloud-mismatch` for hosts of different clouds.
    pub fn read(request: &Request) -> Result<Self, Failure> {
        let graph = bare_host("graph", request.setting_text("graph")?)?;
        let cloud = Self { authority: authority(request)?, graph };
        let (authority, graph) = (cloud.authority.as_str(), cloud.graph.as_str());
        let is_known = |(token, api): &(&str, &str)| *token == authority || *api == graph;
        if CLOUDS.iter().any(is_known) && !CLOUDS.contains(&(authority, graph)) {
            let message = format!(
                "the settings authority ({authority}) and graph ({graph}) are of different clouds; pairs that \
                 belong together are {}",
                CLOUDS.map(|(token, api)| format!("{token} with {api}")).join(", ")
            );
            return Err(Failure::invalid("cloud-mismatch", message));
        }
        Ok(cloud)
    }

    /// Says so where it is none of Microsoft's public and national clouds.
    #[must_use]
    pub fn stranger(&self) -> Option<Finding> {
        let (authority, graph) = (self.authority.as_str(), self.graph.as_str());
        (!CLOUDS.contains(&(authority, graph))).then(|| {
            let message = format!("{authority} and {graph} are not hosts of a cloud that this plugin knows");
            Finding::warning("cloud-unknown", message)
                .fix("check the settings authority and graph: the admin app's secret is sent there")
        })
    }

    /// What a token is asked for: everything that the app was granted in Graph.
    #[must_use]
    pub fn scope(&self) -> String {
        format!("https://{}/.default", self.graph)
    }
}

fn bare_host(setting: &str, value: &str) -> Result<String, Failure> {
    let host = value.to_ascii_lowercase();
    // Inside a URL, too: Keeper's own default for this field is an address of the retired Graph.
    let named = |(retired, _): &&(&str, &str)| host.split(['/', ':']).any(|part| part == *retired);
    if let Some((_, instead)) = RETIRED.iter().find(named) {
        return Err(Failure::invalid("retired-host", format!("the setting {setting} is {host}: {instead}")));
    }
    let is_bare = host.contains('.') && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    if is_bare {
        return Ok(host);
    }
    let message = format!(
        "the setting {setting} is {value}, and must be a bare host name, such as graph.microsoft.com: no \
         https://, no path, no port"
    );
    Err(Failure::invalid("not-a-host", message))
}
