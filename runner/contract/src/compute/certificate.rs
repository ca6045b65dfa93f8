//! X.509 certificates that their own key signs.

use std::time::Duration;

use jiff::Timestamp;
use rcgen::{CertificateParams, DistinguishedName, DnType, IsCa, KeyUsagePurpose, SerialNumber};

use super::Certificate;
use crate::random::Random;
use crate::rsa_key::RsaKey;
use crate::value::Value;

/// How long before now it begins: clocks differ, and what is not valid yet is refused.
const EARLIER: Duration = Duration::from_mins(2);

/// A century; services take less and say so.
const MOST_DAYS: u64 = 36_500;

pub(super) fn make(
    certificate: &Certificate<Value>,
    now: Timestamp,
    random: &mut dyn Random,
) -> Result<Value, String> {
    let key = certificate.key.to_text().map_err(|error| format!("its key {error}"))?;
    let key = RsaKey::from_pem(&key).map_err(|error| format!("its key {error}"))?;
    let days = days(&certificate.days)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = subject(&certificate.subject)?;
    let seconds =
        u64::try_from(now.as_second()).map_err(|_| "the clock stands before 1970; set it".to_owned())?;
    let now = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds);
    params.not_before = now - EARLIER;
    params.not_after = params.not_before + Duration::from_hours(24 * days);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.serial_number = Some(serial(random));
    let made = params.self_signed(&key).map_err(|_| "its key cannot sign".to_owned())?;
    Ok(Value::bytes(made.der().to_vec()))
}

/// A positive number of 16 bytes, none of which is a leading zero.
fn serial(random: &mut dyn Random) -> SerialNumber {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    let [first, ..] = &mut bytes;
    *first = *first & 0x3f | 0x40;
    SerialNumber::from_slice(&bytes)
}

fn days(value: &Value) -> Result<u64, String> {
    let text = value.to_text().map_err(|error| format!("`days` {error}"))?;
    text.parse()
        .ok()
        .filter(|days| (1..=MOST_DAYS).contains(days))
        .ok_or_else(|| format!("`days` is no whole number from 1 to {MOST_DAYS}"))
}

/// All after `CN=` is the name, so that no value can add parts to the subject.
fn subject(value: &Value) -> Result<DistinguishedName, String> {
    let text = value.to_text().map_err(|error| format!("`subject` {error}"))?;
    let name = text.strip_prefix("CN=").ok_or("`subject` does not begin with `CN=`")?;
    if name.is_empty() || name.len() > 256 || name.chars().any(char::is_control) {
        return Err(
            "the name in `subject` is empty, longer than 256 bytes, or has control characters".to_owned()
        );
    }
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    Ok(subject)
}
