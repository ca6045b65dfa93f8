//! Scripts, end to end: the real binary, real interpreters, and processes that do what they should not.

mod bench;
mod catalogue;
mod confined;
mod fields;
mod in_place;
mod interrupted;
mod misbehaving;
mod running;
mod saas;
mod steps;
