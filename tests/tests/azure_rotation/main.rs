//! The Azure plugin, end to end: the real binary, real TLS, a file vault and a stand-in cloud.

mod clouds;
mod conflicts;
mod cost;
mod lost_answers;
mod outcome;
mod refusals;
mod retire;
mod sources;
mod verify;
