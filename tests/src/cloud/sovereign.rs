//! The four clouds, which know nothing of each other.

/// One of Microsoft's clouds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sovereign {
    /// The global one.
    Global,
    /// US Government, level 4.
    UsGov,
    /// US Government, level 5: it shares the login host of level 4.
    UsDod,
    /// The one in China.
    China,
}

impl Sovereign {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Global, Self::UsGov, Self::UsDod, Self::China];

    /// The host that issues tokens.
    pub fn login(self) -> &'static str {
        match self {
            Self::Global => "login.microsoftonline.com",
            Self::UsGov | Self::UsDod => "login.microsoftonline.us",
            Self::China => "login.chinacloudapi.cn",
        }
    }

    /// The host of Microsoft Graph.
    pub fn graph(self) -> &'static str {
        match self {
            Self::Global => "graph.microsoft.com",
            Self::UsGov => "graph.microsoft.us",
            Self::UsDod => "dod-graph.microsoft.us",
            Self::China => "microsoftgraph.chinacloudapi.cn",
        }
    }

    /// The cloud whose Graph has this host.
    pub fn of_graph(host: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cloud| cloud.graph() == host)
    }

    /// Whether this host issues tokens for some cloud.
    pub fn is_login(host: &str) -> bool {
        Self::ALL.iter().any(|cloud| cloud.login() == host)
    }

    /// Every host of every cloud.
    pub fn hosts() -> Vec<&'static str> {
        let mut hosts: Vec<_> = Self::ALL.iter().flat_map(|cloud| [cloud.login(), cloud.graph()]).collect();
        hosts.sort_unstable();
        hosts.dedup();
        hosts
    }
}
