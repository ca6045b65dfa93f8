//! One-time codes that depend on the time (RFC 6238), of the URL that a record keeps.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use ring::hmac;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// Why there is no code. Never quotes the URL, which is a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OneTimeError {
    /// It is no URL of codes that depend on the time.
    #[error("the field does not hold the otpauth://totp/… URL that codes are made of")]
    NotTotp,
    /// It has no secret, or one that is not base32.
    #[error("the otpauth URL in the field has no usable `secret`")]
    Secret,
    /// It wants a hash function that nobody uses.
    #[error("the otpauth URL in the field asks for an unknown `algorithm`: it may be SHA1, SHA256 or SHA512")]
    Algorithm,
    /// It wants codes of an unusual length.
    #[error("the otpauth URL in the field asks for codes that are not of 6 to 8 `digits`")]
    Digits,
    /// It wants codes that never change.
    #[error("the otpauth URL in the field has a `period` that is no number of seconds")]
    Period,
}

/// Makes the code that is valid at a time since 1970.
pub(super) fn code(url: &str, now: Duration) -> Result<Secret, OneTimeError> {
    let (address, query) = url.trim().split_once('?').ok_or(OneTimeError::NotTotp)?;
    if !address.to_ascii_lowercase().starts_with("otpauth://totp/") {
        return Err(OneTimeError::NotTotp);
    }
    let query = query.split('#').next().unwrap_or_default();
    let (mut key, mut algorithm, mut digits, mut period) = (None, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, 6, 30);
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        let value = percent_decode_str(value).decode_utf8_lossy();
        match name {
            "secret" => key = Some(base32(&value).ok_or(OneTimeError::Secret)?),
            "algorithm" => algorithm = hash(&value)?,
            "digits" => digits = value.parse().map_err(|_| OneTimeError::Digits)?,
            "period" => period = value.parse().map_err(|_| OneTimeError::Period)?,
            _ => {}
        }
    }
    let key = key.filter(|key| !key.is_empty()).ok_or(OneTimeError::Secret)?;
    if !(6..=8).contains(&digits) {
        return Err(OneTimeError::Digits);
    }
    let step = now.as_secs().checked_div(period).ok_or(OneTimeError::Period)?;
    let tag = hmac::sign(&hmac::Key::new(algorithm, &key), &step.to_be_bytes());
    let tag = tag.as_ref();
    // The last four bits say where the number stands (RFC 4226, section 5.3).
    let at = usize::from(tag.last().copied().unwrap_or_default() & 0x0f);
    let number = tag.iter().skip(at).take(4).fold(0, |number, byte| number << 8 | u32::from(*byte));
    let code = (number & 0x7fff_ffff) % 10_u32.pow(digits);
    Ok(Secret::new(format!("{code:0width$}", width = usize::try_from(digits).unwrap_or_default())))
}

fn hash(name: &str) -> Result<hmac::Algorithm, OneTimeError> {
    match name.to_ascii_uppercase().as_str() {
        "SHA1" => Ok(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        "SHA256" => Ok(hmac::HMAC_SHA256),
        "SHA512" => Ok(hmac::HMAC_SHA512),
        _ => Err(OneTimeError::Algorithm),
    }
}

/// Decodes base32, in capitals or not, with the spaces and the padding that people leave in it.
fn base32(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let (mut buffer, mut bits) = (0_u32, 0);
    for character in text.bytes().filter(|character| !matches!(character, b' ' | b'-' | b'=')) {
        let value = match character.to_ascii_uppercase() {
            letter @ b'A'..=b'Z' => letter - b'A',
            digit @ b'2'..=b'7' => digit - b'2' + 26,
            _ => return None,
        };
        buffer = buffer << 5 | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(buffer >> bits & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str, seconds: u64) -> String {
        code(url, Duration::from_secs(seconds)).unwrap().expose().to_owned()
    }

    /// The test values of RFC 6238, appendix B.
    #[test]
    fn codes_are_those_of_the_standard() {
        let sha1 = "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=8";
        let sha256 = "otpauth://totp/x?digits=8&algorithm=SHA256&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA";
        let sha512 = "otpauth://totp/x?algorithm=sha512&digits=8&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNA";
        for (seconds, codes) in [
            (59, ["94287082", "46119246", "90693936"]),
            (1_111_111_109, ["07081804", "68084774", "25091201"]),
            (20_000_000_000, ["65353130", "77737706", "47863826"]),
        ] {
            assert_eq!([at(sha1, seconds), at(sha256, seconds), at(sha512, seconds)], codes);
        }
    }

    #[test]
    fn what_is_not_said_is_as_everybody_has_it() {
        let full =
            "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&algorithm=SHA1&digits=6&period=30";
        let short =
            "otpauth://totp/Me:me%40x?issuer=Me&secret=gezd%20gnbv%20gy3t%20qojq-gezdgnbvgy3tqojq====#f";
        assert_eq!(at(full, 59), "287082");
        assert_eq!(at(short, 59), "287082");
    }

    #[test]
    fn what_makes_no_code_is_told_without_the_url() {
        for (url, error) in [
            ("otpauth://hotp/x?secret=GEZDGNBV&counter=1", OneTimeError::NotTotp),
            ("https://example.com/?secret=GEZDGNBV", OneTimeError::NotTotp),
            ("123456", OneTimeError::NotTotp),
            ("otpauth://totp/x?issuer=me", OneTimeError::Secret),
            ("otpauth://totp/x?secret=", OneTimeError::Secret),
            ("otpauth://totp/x?secret=CANARY1", OneTimeError::Secret),
            ("otpauth://totp/x?secret=GEZDGNBV&algorithm=MD5", OneTimeError::Algorithm),
            ("otpauth://totp/x?secret=GEZDGNBV&digits=9", OneTimeError::Digits),
            ("otpauth://totp/x?secret=GEZDGNBV&period=0", OneTimeError::Period),
            ("otpauth://totp/x?secret=GEZDGNBV&period=x", OneTimeError::Period),
        ] {
            let found = code(url, Duration::ZERO).unwrap_err();
            assert_eq!(found, error, "{url}");
            assert!(!found.to_string().contains("CANARY") && !found.to_string().contains("GEZD"));
        }
    }
}
