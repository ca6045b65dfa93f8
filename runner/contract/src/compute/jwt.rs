//! JSON Web Tokens: RFC 7515, compact form, and RFC 7519.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Map;
use zeroize::Zeroizing;

use super::{Algorithm, Jwt};
use crate::rsa_key::RsaKey;
use crate::value::{Json, Tree, Value};

pub(super) fn sign(jwt: &Jwt<Value, Value>) -> Result<Value, String> {
    let mut header = Map::new();
    let Algorithm::Rs256 = jwt.alg;
    header.insert("alg".to_owned(), "RS256".into());
    header.insert("typ".to_owned(), "JWT".into());
    if jwt.header.contains_key("alg") {
        return Err("its header says `alg` again; leave it out there".to_owned());
    }
    add(&mut header, &jwt.header)?;
    let mut claims = Map::new();
    add(&mut claims, &jwt.claims)?;
    compact(&jwt.key, header, claims)
}

fn add(object: &mut Map<String, Json>, members: &BTreeMap<String, Value>) -> Result<(), String> {
    for (name, member) in members {
        object.insert(name.clone(), member.to_json().map_err(|error| format!("`{name}` {error}"))?);
    }
    Ok(())
}

fn compact(key: &Value, header: Map<String, Json>, claims: Map<String, Json>) -> Result<Value, String> {
    let key = key.to_text().map_err(|error| format!("its key {error}"))?;
    let key = RsaKey::from_pem(&key).map_err(|error| format!("its key {error}"))?;
    let encode = |object| {
        let tree = Tree(Json::Object(object));
        URL_SAFE_NO_PAD.encode(Zeroizing::new(tree.0.to_string()).as_bytes())
    };
    let signed = Zeroizing::new(format!("{}.{}", encode(header), encode(claims)));
    let signature = key.sign(signed.as_bytes()).map_err(|error| format!("its key {error}"))?;
    Ok(Value::text(format!("{}.{}", *signed, URL_SAFE_NO_PAD.encode(signature))))
}
