//! How a plugin is run, as typed: what `exec` and `doctor` have in common.

#![expect(clippy::doc_markdown, reason = "the comments are the help texts, for people without markdown")]

use std::ffi::OsString;

use crate::secret::Secret;

/// The options that say how a plugin is run.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct RunArgs {
    /// What a script gets on its command line
    #[arg(last = true, value_name = "ARGS")]
    pub arguments: Vec<OsString>,

    /// How to run it: wasm, script or saas [default: told by the file]
    ///
    /// `wasm`: in the WebAssembly sandbox.
    ///
    /// `script`: with an external interpreter, as a process of its own.
    ///
    /// `saas`: the class SaasPlugin of a Python file made for Keeper's gateway, unchanged. What the
    /// plugin requires must be installed for the Python that --interpreter names; its config record
    /// is the attached one whose field `SaaS Type` is the plugin's name.
    #[arg(long, value_name = "RUNTIME", help_heading = "What to rotate")]
    pub runtime: Option<String>,

    /// Give the plugin a setting; of a secret one, only the name of a file that holds it
    ///
    /// Goes before what the records and the configuration file say. `KEY=@FILE` reads the value
    /// from the file, without the line end after it; a secret setting is accepted only so, because
    /// other users may see a command line.
    #[arg(
        long = "set",
        value_name = "KEY=VALUE|KEY=@FILE",
        value_parser = secret,
        help_heading = "What to rotate"
    )]
    pub settings: Vec<Secret>,

    /// Hand the new value to somebody who uses it, before the old one is removed; repeat for more
    ///
    /// A plugin or script of strategy `deliver` with its settings, or `file`, which is built in:
    /// "file,path=/etc/app/.env,format=env,key=SECRET". Of a secret setting, KEY=@FILE. A value with a
    /// comma in it can only stand in the configuration file, under `[[deliver]]`. As long as one of
    /// them does not have the new value, the old one stays.
    #[arg(
        long = "deliver",
        value_name = "PLUGIN_OR_SCRIPT[,KEY=VALUE…]",
        value_parser = secret,
        help_heading = "What to rotate"
    )]
    pub deliver: Vec<Secret>,

    /// Run a script with this program [default: told by its first line, or the end of its name]
    ///
    /// A name or a path, with arguments if need be: "/opt/venv/bin/python", "python3 -I".
    #[arg(long, value_name = "CMD", help_heading = "Scripts")]
    pub interpreter: Option<String>,

    /// Let a script see a variable of the environment, or a value that is not secret; repeat for more
    ///
    /// Without this it sees PATH, HOME, USER, LOGNAME, LANG, LANGUAGE, LC_*, TZ, a TMPDIR of its own,
    /// and what pamrun tells it.
    #[arg(long = "env", value_name = "NAME[=VALUE]", help_heading = "Scripts")]
    pub environment: Vec<String>,

    /// Confine a script: no files but the system's programs and a folder of its own, and no network
    ///
    /// More is granted by `read`, `write` and `network` under `[[plugin]]` in the configuration file.
    /// Refused where the kernel lacks Landlock (Linux 6.2 and later).
    #[arg(long, help_heading = "Scripts")]
    pub confine: bool,

    /// Rotate a record even if it is flagged `managed`, for another system changes its credentials
    #[arg(long, help_heading = "What to rotate")]
    pub allow_managed: bool,

    /// Where the records are: ksm, ksm:PATH, file:PATH or none [default: `vault` of the
    /// configuration file, else ksm]
    ///
    /// `ksm:PATH`: Keeper Secrets Manager, with the device configuration in that file. Without PATH
    /// the first that there is of $KSM_CONFIG, the file $KSM_CONFIG_FILE, $GATEWAY_CONFIG and
    /// /etc/keeper-gateway/gateway-config.json. The file is never written. Reached through --proxy,
    /// or else through $HTTPS_PROXY unless $NO_PROXY names the host.
    ///
    /// `file:PATH`: a JSON file of records with their revisions.
    ///
    /// `none`: nowhere; the caller takes the new values from stdout and saves them. Needs --reveal,
    /// and never removes the old credential.
    #[arg(long, value_name = "VAULT", help_heading = "Vault and files")]
    pub vault: Option<String>,

    /// The configuration file [default: /etc/pamrun/config.toml, else pamrun/config.toml in
    /// $XDG_CONFIG_HOME or ~/.config]
    #[arg(long, value_name = "FILE", help_heading = "Vault and files")]
    pub config: Option<String>,

    /// The folder for state and compiled plugins; nobody else may enter it
    ///
    /// Made if missing. By default the first that is set of $STATE_DIRECTORY, $XDG_STATE_HOME/pamrun,
    /// ~/.local/state/pamrun and /var/lib/pamrun.
    #[arg(long, value_name = "FOLDER", help_heading = "Vault and files")]
    pub state_dir: Option<String>,

    /// Let the plugin talk to a host that it asks for; repeat for more [default port: 443]
    ///
    /// What the plugin asks for and what is allowed here must agree: no host is allowed by default.
    #[arg(long = "allow-host", value_name = "HOST[:PORT]", help_heading = "Network")]
    pub allow_hosts: Vec<String>,

    /// Accept a private or local address for a host; does not allow the host itself
    #[arg(long = "allow-private", value_name = "HOST[:PORT]", help_heading = "Network")]
    pub allow_private: Vec<String>,

    /// Use this address for a host instead of asking DNS, as curl's --connect-to does
    ///
    /// Connections to HOST:PORT go to ADDR:PORT; an IPv6 address stands in brackets. The address
    /// is judged like any other.
    #[arg(long, value_name = "HOST:PORT:ADDR:PORT", help_heading = "Network")]
    pub resolve: Vec<String>,

    /// Send all requests through an HTTP proxy
    ///
    /// http://HOST:PORT. Proxy variables of the environment, such as HTTPS_PROXY, are followed for
    /// Keeper Secrets Manager only, never for the plugin's requests.
    #[arg(long, value_name = "URL", help_heading = "Network")]
    pub proxy: Option<String>,

    /// Trust the certificate authorities in this PEM file too
    #[arg(long, value_name = "PEM", help_heading = "Network")]
    pub ca_file: Option<String>,

    /// The longest that one HTTP request may take [default: 10s]
    #[arg(long, value_name = "DURATION", help_heading = "Limits")]
    pub request_timeout: Option<String>,

    /// The longest that the whole rotation may take, waiting included [default: 10m]
    ///
    /// 30s of it are kept for putting things in order at the end.
    #[arg(long, value_name = "DURATION", help_heading = "Limits")]
    pub timeout: Option<String>,

    /// The most memory that a WebAssembly plugin may use [default: 64MiB]
    #[arg(long, value_name = "SIZE", help_heading = "Limits")]
    pub memory: Option<String>,
}

impl RunArgs {
    /// These, and where they are silent `others`; lists add up.
    #[must_use]
    pub fn before(self, others: Self) -> Self {
        fn all<T>(mut first: Vec<T>, then: Vec<T>) -> Vec<T> {
            first.extend(then);
            first
        }
        Self {
            arguments: all(self.arguments, others.arguments),
            runtime: self.runtime.or(others.runtime),
            settings: all(self.settings, others.settings),
            deliver: all(self.deliver, others.deliver),
            interpreter: self.interpreter.or(others.interpreter),
            environment: all(self.environment, others.environment),
            confine: self.confine || others.confine,
            allow_managed: self.allow_managed || others.allow_managed,
            vault: self.vault.or(others.vault),
            config: self.config.or(others.config),
            state_dir: self.state_dir.or(others.state_dir),
            allow_hosts: all(self.allow_hosts, others.allow_hosts),
            allow_private: all(self.allow_private, others.allow_private),
            resolve: all(self.resolve, others.resolve),
            proxy: self.proxy.or(others.proxy),
            ca_file: self.ca_file.or(others.ca_file),
            request_timeout: self.request_timeout.or(others.request_timeout),
            timeout: self.timeout.or(others.timeout),
            memory: self.memory.or(others.memory),
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "clap's signature of a value parser")]
fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text))
}
