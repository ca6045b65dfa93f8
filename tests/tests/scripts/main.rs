//! Scripts, end to end: the real binary, real interpreters, and processes that do what they should not.

mod answers;
mod bench;
mod catalogue;
mod confined;
mod fields;
mod in_place;
mod interrupted;
mod misbehaving;
mod rescued;
mod running;
mod saas;
mod saas_methods;
mod steps;
