//! The vault against a stand-in for Keeper, without sockets, and each trap of Keeper's client.

use std::thread;
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName};
use pamrun_keeper_standin::{Delivery, Endpoint, Fault, Keeper, Odd, On, error_body};
use serde_json::{Value, json};

use super::wire::{Answer, Post, Sealed};
use super::{KsmConfig, KsmError, KsmVault};
use crate::limits::Limits;
use crate::model::{Place, Record, Update};
use crate::rotation::{GetError, SaveError, Vault};
use crate::secret::Secret;
use crate::vault::contract::{Bench, record_json, vault_contract};

const UID: &str = "AAAAAAAAAAAAAAAAAAAAAA";

impl Post for Keeper {
    fn post(&self, request: Sealed, timeout: Duration) -> Result<Answer, KsmError> {
        let mut headers = HeaderMap::new();
        for (name, value) in request.headers {
            headers.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        let reply = self.handle(request.url.rsplit('/').next().unwrap(), &headers, &request.body);
        thread::sleep(reply.delay.min(timeout));
        if reply.delivery == Delivery::Whole && reply.delay < timeout {
            return Ok(Answer { status: reply.status, body: reply.body });
        }
        Err(KsmError::Lost { host: "keeper".to_owned(), why: "the connection broke".to_owned() })
    }
}

impl Bench for Keeper {
    fn vault(&self) -> Box<dyn Vault> {
        Box::new(vault(self))
    }

    fn put(&self, uid: &str, record: Value, editable: bool) {
        self.put_record(uid, &record, editable);
    }

    fn stored(&self, uid: &str) -> Value {
        self.record(uid).0
    }
}

vault_contract!(Keeper::new());

fn vault(keeper: &Keeper) -> KsmVault {
    vault_within(keeper, &Limits::default())
}

fn vault_within(keeper: &Keeper, limits: &Limits) -> KsmVault {
    let config = KsmConfig::parse(&Secret::new(keeper.config())).unwrap();
    let post = keeper.clone();
    KsmVault::over(config, limits, Vec::new(), || Ok(Box::new(post)))
}

/// A server with one record.
fn keeper() -> Keeper {
    let keeper = Keeper::new();
    keeper.put_record(UID, &record_json(), true);
    keeper
}

async fn get(vault: &mut KsmVault) -> Result<Record, GetError> {
    Ok(vault.get(&[UID.to_owned()]).await?.remove(0))
}

fn secret(value: &str) -> Update {
    let values = vec![Secret::new(value)];
    Update { label: "client_secret".into(), place: Place::Custom, kind: "secret".into(), values }
}

/// What a save comes to when Keeper's answer to it goes wrong like that.
async fn save_with(keeper: &Keeper, fault: Fault) -> Result<(), SaveError> {
    let mut vault = vault(keeper);
    let record = get(&mut vault).await.unwrap();
    keeper.fault(On::update(), fault);
    vault.save(&record, &[secret("new")]).await
}

fn value(keeper: &Keeper) -> Value {
    keeper.record(UID).0["custom"][1]["value"][0].clone()
}

#[tokio::test]
async fn a_rotation_costs_one_get_one_save_and_one_read_back() {
    let keeper = keeper();
    keeper.put_record("BBBBBBBBBBBBBBBBBBBBBB", &record_json(), false);
    let mut vault = vault(&keeper);
    let records = vault.get(&[UID.to_owned(), "BBBBBBBBBBBBBBBBBBBBBB".to_owned()]).await.unwrap();
    vault.save(&records[0], &[secret("new")]).await.unwrap();
    get(&mut vault).await.unwrap();
    let asked: Vec<_> = keeper.requests().iter().map(|request| request.endpoint).collect();
    assert_eq!(asked, [Endpoint::GetSecret, Endpoint::UpdateSecret, Endpoint::GetSecret]);
    assert_eq!(keeper.violations(), Vec::<String>::new());
}
