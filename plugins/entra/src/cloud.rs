//! Which hosts make up a cloud. Tokens of one cloud mean nothing in another.

use pamrun_plugin::{Failure, Finding};

/// Token host and Graph host of each cloud.
const CLOUDS: [(&str, &str); 5] = [
    ("login.microsoftonline.com", "graph.microsoft.com"),
    ("login.microsoftonline.us", "graph.microsoft.us"),
    ("login.microsoftonline.us", "dod-graph.microsoft.us"),
    ("login.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn"),
    ("login.partner.microsoftonline.cn", "microsoftgraph.chinacloudapi.cn"),
];

/// Hosts that are closed for good, and what to write instead.
const RETIRED: [(&str, &str, &str); 3] = [
    ("graph.windows.net", "that is the retired Azure AD Graph", "write graph.microsoft.com"),
    ("login.microsoftonline.de", "the German cloud is closed", "write login.microsoftonline.com"),
    ("graph.microsoft.de", "the German cloud is closed", "write graph.microsoft.com"),
];

/// The two hosts of a cloud, in lower case.
#[derive(Debug, PartialEq, Eq)]
pub struct Cloud {
    /// The host that gives out tokens.
    pub authority: String,
    /// The host of Microsoft Graph.
    pub graph: String,
}

impl Cloud {
    /// Judges the settings of the same names.
    ///
    /// # Errors
    /// `retired-host`, and `cloud-mismatch` for hosts of different clouds.
    pub fn of(authority: &str, graph: &str) -> Result<Self, Failure> {
        let cloud = Self { authority: open_host("authority", authority)?, graph: open_host("graph", graph)? };
        let (authority, graph) = (cloud.authority.as_str(), cloud.graph.as_str());
        let is_known = |(token, api): &(&str, &str)| *token == authority || *api == graph;
        if CLOUDS.iter().any(is_known) && !CLOUDS.contains(&(authority, graph)) {
            let message =
                format!("the settings authority ({authority}) and graph ({graph}) are of different clouds");
            let pairs = CLOUDS.map(|(token, api)| format!("{token} with {api}")).join(", ");
            return Err(Failure::invalid("cloud-mismatch", message)
                .fix(format!("write a pair that belongs together: {pairs}")));
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
}

/// The host of a setting that is no longer closed for good.
///
/// # Errors
/// `retired-host`.
fn open_host(setting: &str, value: &str) -> Result<String, Failure> {
    let host = value.trim().to_ascii_lowercase();
    match RETIRED.iter().find(|(retired, ..)| host.split([':', '/']).any(|part| part == *retired)) {
        None => Ok(host),
        Some((_, why, instead)) => {
            Err(Failure::invalid("retired-host", format!("the setting {setting} is {host}: {why}"))
                .fix(*instead))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_do_not_belong_together_or_are_closed_are_refused() {
        for (authority, graph, code) in [
            ("login.microsoftonline.com", "graph.microsoft.us", "cloud-mismatch"),
            ("login.example.com", "graph.microsoft.com", "cloud-mismatch"),
            ("login.microsoftonline.com", "graph.windows.net", "retired-host"),
            ("login.microsoftonline.com", "Graph.Windows.Net:443", "retired-host"),
            ("login.microsoftonline.de", "graph.microsoft.de", "retired-host"),
        ] {
            assert_eq!(Cloud::of(authority, graph).unwrap_err().code, code, "{authority} {graph}");
        }
    }

    #[test]
    fn every_cloud_is_known_and_any_other_pair_is_told() {
        for (authority, graph) in CLOUDS {
            let cloud = Cloud::of(&authority.to_uppercase(), graph).unwrap();
            assert_eq!((cloud.authority.as_str(), cloud.stranger()), (authority, None));
        }
        let found = Cloud::of("login.example.com", "Graph.Example.COM").unwrap().stranger().unwrap();
        assert!(found.message.starts_with("login.example.com and graph.example.com"), "{found:?}");
    }
}
