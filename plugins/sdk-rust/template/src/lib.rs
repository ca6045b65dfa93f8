//! Rotates a token of an account at the API of example.com, which is imaginary: README.md says what
//! to change to make it rotate yours.

use std::time::Duration;

use pamrun_plugin::{
    Call, Credential, Failure, Host, Listed, Manifest, Place, Plan, Plugin, Proof, RecordAsk, Removed,
    Request, RequestRule, SettingSchema, Step, Strategy, Undone, Update, escape, until_accepted,
};
use serde::Deserialize;
use serde_json::json;

/// How long a new token may take until the API accepts it everywhere.
const SPREADING: Duration = Duration::from_secs(60);

struct Tokens;

pamrun_plugin::export!(Tokens);

impl Plugin for Tokens {
    fn manifest() -> Manifest {
        let api = "{setting:api}";
        Manifest::new("{{name}}", env!("CARGO_PKG_VERSION"), Strategy::Overlap)
            .description("Rotates a token of an account.")
            .record(RecordAsk::target(["account", "token_id"]).plain(["account", "token_id"]))
            .record(RecordAsk::attached(["admin_token"]).having(["admin_token"]))
            .returns(Place::Custom, "token", "secret")
            .returns(Place::Custom, "token_id", "text")
            .setting(SettingSchema::text("api", "The host of the API.").default("api.example.com"))
            .setting(SettingSchema::int("expiry_days", "How long a token lives.").default(90))
            .request(RequestRule::get(api, "/v1/accounts/*").during([Step::Preflight, Step::Rollback]))
            .request(RequestRule::post(api, "/v1/accounts/*/tokens").during([Step::Rotate]))
            .request(RequestRule::get(api, "/v1/whoami").during([Step::Verify]))
            .request(
                RequestRule::delete(api, "/v1/accounts/*/tokens/{id}")
                    .during([Step::Commit, Step::Rollback])
                    .removing("{id}"),
            )
    }

    fn preflight(host: &dyn Host, request: &Request) -> Result<Plan, Failure> {
        // What the new token replaces is the one that the record holds now, if it still exists.
        let old = request.target.get("token_id");
        let tokens = Account::of(request)?.tokens(host)?;
        let replaced = tokens.into_iter().filter(|token| Some(token.id.as_str()) == old);
        Ok(Plan {
            target: format!("{}/{}", request.setting_text("api")?, request.target.text("account")?),
            creates: format!("one token that lives for {} days", request.setting_int("expiry_days")?),
            removes: replaced
                .map(|token| Listed { id: token.id, label: token.name, expires: Some(token.expires) })
                .collect(),
            notes: Vec::new(),
        })
    }

    fn rotate(host: &dyn Host, request: &Request, _plan: &Plan) -> Result<Credential, Failure> {
        let account = Account::of(request)?;
        let wanted = json!({"name": request.marker, "expires_days": request.setting_int("expiry_days")?});
        let call = Call::post(&format!("{}/tokens", account.url)).bearer(account.admin_token).json(&wanted);
        // An answer that does not show the token is `uncertain`: one may have been made all the same,
        // and the host then looks for the marker.
        let made: Made = call.send(host)?.expect(201)?.json()?;
        Ok(Credential {
            updates: vec![Update::secret("token", made.token), Update::text("token_id", made.id.clone())],
            handle: made.id,
            expires: Some(made.expires),
        })
    }

    fn verify(
        host: &dyn Host,
        request: &Request,
        _plan: &Plan,
        credential: &Credential,
    ) -> Result<Proof, Failure> {
        let url = format!("https://{}/v1/whoami", request.setting_text("api")?);
        let token = credential.value("token").unwrap_or_default();
        until_accepted(host, SPREADING, || {
            let answer = Call::get(&url).bearer(token).send(host)?;
            if answer.status() == 401 {
                return Err(Failure::wrong_credential("token-rejected", "the new token is not accepted"));
            }
            answer.expect(200)?;
            Ok(Proof::Verified)
        })
    }

    fn commit(
        host: &dyn Host,
        request: &Request,
        plan: &Plan,
        _handle: &str,
    ) -> Result<Vec<Removed>, Failure> {
        let account = Account::of(request)?;
        plan.removes.iter().map(|old| account.remove(host, &old.id)).collect()
    }

    fn rollback(
        host: &dyn Host,
        request: &Request,
        _plan: &Plan,
        handle: Option<&str>,
    ) -> Result<Undone, Failure> {
        let account = Account::of(request)?;
        let mut undone = Undone::default();
        for token in account.tokens(host)? {
            if request.made_this(&token.name) || Some(token.id.as_str()) == handle {
                account.remove(host, &token.id)?;
                undone.seen.push(token.id.clone());
                undone.gone.push(token.id);
            }
        }
        Ok(undone)
    }
}

/// Who asks, and about which account.
struct Account<'a> {
    url: String,
    admin_token: &'a str,
}

/// What the API lists.
#[derive(Deserialize)]
struct Listing {
    tokens: Vec<Token>,
}

#[derive(Deserialize)]
struct Token {
    id: String,
    name: String,
    expires: String,
}

/// What the API made.
#[derive(Deserialize)]
struct Made {
    id: String,
    token: String,
    expires: String,
}

impl<'a> Account<'a> {
    fn of(request: &'a Request) -> Result<Self, Failure> {
        let admin = request.record_with(&["admin_token"]).ok_or_else(|| {
            Failure::invalid("record-missing", "no attached record has the field admin_token")
        })?;
        let (api, name) = (request.setting_text("api")?, request.target.text("account")?);
        let url = format!("https://{api}/v1/accounts/{}", escape(name));
        Ok(Self { url, admin_token: admin.text("admin_token")? })
    }

    fn tokens(&self, host: &dyn Host) -> Result<Vec<Token>, Failure> {
        let listed: Listing =
            Call::get(&self.url).bearer(self.admin_token).send(host)?.expect(200)?.json()?;
        Ok(listed.tokens)
    }

    /// Removes a token; one that is not there is gone, too.
    fn remove(&self, host: &dyn Host, id: &str) -> Result<Removed, Failure> {
        let url = format!("{}/tokens/{}", self.url, escape(id));
        let answer = Call::delete(&url).bearer(self.admin_token).send(host)?;
        if answer.status() != 404 {
            answer.expect(204)?;
        }
        Ok(Removed { id: id.to_owned(), gone: true })
    }
}
