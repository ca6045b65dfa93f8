//! The yardstick of `make bench`: a plain native program that rotates the secret of an Azure app with
//! the same requests as pamrun and its plugin, and with none of its care.
//!
//!     straight ADDRESS CA_FILE VAULT_FILE < line
//!
//! It has no sandbox, policy, plan, roll-back or outcome, and asks `ADDRESS` whatever the host.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

const LOGIN: &str = "login.microsoftonline.com";
const GRAPH: &str = "graph.microsoft.com";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, ca_file, vault] = arguments.as_slice() else {
        anyhow::bail!("usage: straight ADDRESS CA_FILE VAULT_FILE");
    };
    let line = std::io::read_to_string(std::io::stdin())?;
    let params: Value = serde_json::from_slice(&BASE64_STANDARD.decode(line.trim())?)?;
    let client = Client::new(address.parse()?, Path::new(ca_file))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(rotate(client, &params, Path::new(vault)))
}

async fn rotate(mut client: Client, params: &Value, vault: &Path) -> Result<()> {
    let uid = text(params, "userRecordUid")?;
    let attached: Vec<Value> = serde_json::from_slice(&BASE64_STANDARD.decode(text(params, "records")?)?)?;
    let admin = attached.iter().find(|record| record["application_client_id"].is_string());
    let admin = admin.context("no record names an admin")?;
    let mut document: Value = serde_json::from_slice(&std::fs::read(vault)?)?;
    let records = document["records"].as_array_mut().context("the vault has no records")?;
    let record = records.iter_mut().find(|record| record["uid"] == uid).context("no such record")?;
    let object_id = field(record, "application_object_id")?.as_str().context("no object id")?.to_owned();
    let login = Login {
        tenant: text(admin, "tenant_id")?,
        client_id: text(admin, "application_client_id")?,
        secret: text(admin, "client_secret")?,
    };

    let token = client.token(&login).await?;
    let path = format!("/applications/{object_id}?$select=id,appId,displayName,passwordCredentials");
    let app = client.graph(&Method::GET, &path, &token, None).await?;

    let token = client.token(&login).await?;
    let ends = Timestamp::now() + SignedDuration::from_hours(24 * 365);
    let name = format!("straight-{}", client.id);
    let wanted = json!({"passwordCredential": {"displayName": name, "endDateTime": ends.to_string()}});
    let path = format!("/applications/{object_id}/addPassword");
    let made = client.graph(&Method::POST, &path, &token, Some(&wanted)).await?;

    let secret = text(&made, "secretText")?;
    for _ in 0..3 {
        client.token(&Login { client_id: text(&app, "appId")?, secret, ..login }).await?;
    }

    *field(record, "client_secret_id")? = made["keyId"].clone();
    *field(record, "client_secret")? = made["secretText"].clone();
    *field(record, "expires")? = made["endDateTime"].clone();
    record["revision"] = (record["revision"].as_i64().context("no revision")? + 1).into();
    replace(vault, &serde_json::to_vec_pretty(&document)?)?;

    let token = client.token(&login).await?;
    let path = format!("/applications/{object_id}/removePassword");
    for old in app["passwordCredentials"].as_array().context("no list of secrets")? {
        client.graph(&Method::POST, &path, &token, Some(&json!({"keyId": old["keyId"]}))).await?;
    }
    Ok(())
}

fn text<'a>(json: &'a Value, key: &str) -> Result<&'a str> {
    json[key].as_str().with_context(|| format!("{key} is missing"))
}

/// The value of the custom field with this label.
fn field<'a>(record: &'a mut Value, label: &str) -> Result<&'a mut Value> {
    let fields = record["custom"].as_array_mut().context("no custom fields")?;
    let field = fields.iter_mut().find(|field| field["label"] == label);
    Ok(&mut field.with_context(|| format!("{label} is missing"))?["value"][0])
}

fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    File::open(path.parent().context("no folder")?)?.sync_all()?;
    Ok(())
}

#[derive(Clone, Copy)]
struct Login<'a> {
    tenant: &'a str,
    client_id: &'a str,
    secret: &'a str,
}

/// One connection to each host, kept.
struct Client {
    address: SocketAddr,
    connector: TlsConnector,
    open: HashMap<&'static str, SendRequest<Full<Bytes>>>,
    id: String,
}

impl Client {
    fn new(address: SocketAddr, ca_file: &Path) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots.add(CertificateDer::from_pem_file(ca_file)?)?;
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = TlsConnector::from(Arc::new(config));
        Ok(Self { address, connector, open: HashMap::new(), id: uuid::Uuid::new_v4().to_string() })
    }

    async fn token(&mut self, login: &Login<'_>) -> Result<String> {
        let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope={}",
            encode(login.client_id),
            encode(login.secret),
            encode("https://graph.microsoft.com/.default"),
        );
        let request = Request::post(format!("/{}/oauth2/v2.0/token", login.tenant))
            .header("content-type", "application/x-www-form-urlencoded");
        let answer = self.send(LOGIN, request, form.into()).await?;
        Ok(text(&answer, "access_token")?.to_owned())
    }

    async fn graph(
        &mut self,
        method: &Method,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> Result<Value> {
        let request = Request::builder()
            .method(method)
            .uri(format!("/v1.0{path}"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json");
        self.send(GRAPH, request, body.map_or_else(Bytes::new, |body| body.to_string().into())).await
    }

    async fn send(
        &mut self,
        host: &'static str,
        request: http::request::Builder,
        body: Bytes,
    ) -> Result<Value> {
        let request = request.header("host", host).header("client-request-id", &self.id);
        let mut connection = match self.open.remove(host) {
            Some(connection) => connection,
            None => self.connect(host).await?,
        };
        let answer = connection.send_request(request.body(Full::new(body))?).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        ensure!(status.is_success(), "{host} answered {status}: {}", String::from_utf8_lossy(&body));
        self.open.insert(host, connection);
        Ok(if body.is_empty() { Value::Null } else { serde_json::from_slice(&body)? })
    }

    async fn connect(&self, host: &'static str) -> Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let stream = self.connector.connect(ServerName::try_from(host)?, stream).await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender)
    }
}
