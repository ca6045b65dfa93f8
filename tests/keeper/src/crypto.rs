//! The ciphers of Keeper's protocol.

use aes_gcm::aead::{Aead, OsRng, rand_core::RngCore};
use aes_gcm::aes::cipher::{BlockEncrypt, KeyInit};
use aes_gcm::aes::{Aes256, Block};
use aes_gcm::{Aes256Gcm, Nonce};
use p256::ecdh::diffie_hellman;
use p256::{PublicKey, SecretKey};
use sha2::{Digest, Sha256};

/// An AES-256 key.
pub type Key = [u8; 32];

const NONCE: usize = 12;
const POINT: usize = 65;
const BLOCK: usize = 16;

/// Makes bytes that nobody can guess.
pub fn random<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    OsRng.fill_bytes(&mut bytes);
    bytes
}

/// Makes a P-256 key.
pub fn random_secret() -> SecretKey {
    SecretKey::random(&mut OsRng)
}

/// AES-256-GCM as Keeper frames it: nonce, ciphertext, tag.
pub fn seal(key: &Key, plain: &[u8]) -> Vec<u8> {
    let nonce: [u8; NONCE] = random();
    let sealed = Aes256Gcm::new(key.into()).encrypt(Nonce::from_slice(&nonce), plain).unwrap();
    [&nonce[..], &sealed].concat()
}

/// Undoes [`seal`]; nothing when the key is another one, or the bytes are no such frame.
pub fn open(key: &Key, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
    Aes256Gcm::new(key.into()).decrypt(Nonce::from_slice(nonce), sealed).ok()
}

/// AES-256-CBC with PKCS#7 padding, after its initial vector: only names of folders still come in it.
pub fn seal_cbc(key: &Key, plain: &[u8]) -> Vec<u8> {
    let cipher = Aes256::new(key.into());
    let padding = BLOCK - plain.len() % BLOCK;
    let padded = [plain, &vec![u8::try_from(padding).unwrap(); padding]].concat();
    let mut previous: [u8; BLOCK] = random();
    let mut sealed = previous.to_vec();
    for plain in padded.chunks(BLOCK) {
        let mut block = Block::from(previous);
        block.iter_mut().zip(plain).for_each(|(byte, plain)| *byte ^= plain);
        cipher.encrypt_block(&mut block);
        previous = block.into();
        sealed.extend(previous);
    }
    sealed
}

/// Undoes how a client wraps the key of one request for the server: an ephemeral point, then the key
/// sealed by the hash of the x-coordinate that both can compute.
pub fn unwrap(server: &SecretKey, wrapped: &[u8]) -> Option<Key> {
    let (point, sealed) = wrapped.split_at_checked(POINT)?;
    let point = PublicKey::from_sec1_bytes(point).ok()?;
    let shared = diffie_hellman(server.to_nonzero_scalar(), point.as_affine());
    let key = Sha256::digest(shared.raw_secret_bytes());
    open(&key.into(), sealed)?.try_into().ok()
}
