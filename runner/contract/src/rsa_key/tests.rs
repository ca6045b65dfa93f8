//! The key and the signature of RFC 7515, appendix A.2; the public key's hash was computed by OpenSSL.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};

use super::*;

/// The private key of RFC 7515, appendix A.2.
pub(crate) const RFC_7515_A2: &str = include_str!("rfc7515_a2.pem");

#[test]
fn rfc_7515_a2_is_signed_as_published() {
    let signed = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let signature = RsaKey::from_pem(RFC_7515_A2).unwrap().sign(signed.as_bytes()).unwrap();
    assert_eq!(
        URL_SAFE_NO_PAD.encode(signature),
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
    );
}

#[test]
fn its_public_key_is_spki() {
    let public = RsaKey::from_pem(RFC_7515_A2).unwrap().public();
    assert_eq!(STANDARD.encode(digest(&SHA256, &public)), "b9E8JDWjYefFiM0X9V9a098Bd6ZsFyemogCEX016uIw=");
}

#[test]
fn another_key_is_refused_with_what_it_is() {
    let pkcs1 = RFC_7515_A2.replace("PRIVATE", "RSA PRIVATE");
    let encrypted = RFC_7515_A2.replace("PRIVATE", "ENCRYPTED PRIVATE");
    let public = RFC_7515_A2.replace("PRIVATE", "PUBLIC");
    let cut: String = RFC_7515_A2.chars().take(400).collect();
    for (pem, part) in [
        (pkcs1.as_str(), "PKCS#1"),
        (encrypted.as_str(), "encrypted"),
        (public.as_str(), "no private key"),
        (cut.as_str(), "no private key"),
        ("", "no private key"),
        ("hunter2", "no private key"),
        (include_str!("p256.pem"), "no RSA key"),
        (include_str!("rsa_1024.pem"), "2048 to 4096"),
    ] {
        let error = RsaKey::from_pem(pem).err().unwrap();
        assert!(error.contains(part) && !error.contains("hunter2"), "{error}");
    }
    assert!(RsaKey::from_pem(&format!("\r\n{}\r\n", RFC_7515_A2.replace('\n', "\r\n"))).is_ok());
}

/// Bytes that are the same in every run.
pub(crate) fn sequence(seed: u8) -> impl FnMut(&mut [u8]) {
    let mut count = 0_u64;
    move |bytes| {
        for chunk in bytes.chunks_mut(32) {
            count += 1;
            let block = digest(&SHA256, &[&[seed][..], &count.to_le_bytes()].concat());
            chunk.copy_from_slice(&block.as_ref()[..chunk.len()]);
        }
    }
}

#[test]
fn a_new_key_is_made_of_the_bytes_that_are_handed_in() {
    let make = |seed| rsa_2048(&mut sequence(seed)).unwrap();
    let key = make(1);
    assert!(key.is_secret());
    assert_eq!(key, make(1));
    assert_ne!(key, make(2));
    let pem = key.to_text().unwrap();
    assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n") && pem.ends_with("-----END PRIVATE KEY-----\n"));
    let key = RsaKey::from_pem(&pem).unwrap();
    assert_eq!(key.sign(b"x").unwrap().len(), 256);
}
