//! The password of an Entra user, rotated by the real binary: whatever the cloud takes for the
//! password, the record knows.

mod bench;
mod interrupted;
mod rotating;
