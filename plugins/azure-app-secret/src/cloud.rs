//! Which hosts make up a cloud. Tokens of one cloud mean nothing in another.

use pamrun_plugin::Failure;

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

/// The two hosts of a cloud, in lower case.
#[derive(Debug, PartialEq, Eq)]
pub struct Cloud {
    pub authority: String,
    pub graph: String,
}

impl Cloud {
    /// Checks the settings of the same names.
    pub fn new(authority: &str, graph: &str) -> Result<Self, Failure> {
        let cloud = Self { authority: bare_host("authority", authority)?, graph: bare_host("graph", graph)? };
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

    /// Tells whether it is one of Microsoft's public and national clouds.
    pub fn is_known(&self) -> bool {
        CLOUDS.contains(&(self.authority.as_str(), self.graph.as_str()))
    }

    /// What a token is asked for: everything that the app was granted in Graph.
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
