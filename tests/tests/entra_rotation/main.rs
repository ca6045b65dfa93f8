//! The password of an Entra user, rotated by the real binary: whatever the cloud takes for the
//! password, the record knows.

mod bench;
mod findings;
mod interrupted;
mod rotating;
