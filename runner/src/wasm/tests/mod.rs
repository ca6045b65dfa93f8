//! Tests of the room as a whole: tiny guests in its sandbox, and its gate before a real TLS server.

mod cache;
mod componentize;
mod gate;
mod guests;
mod interface;
mod load;
mod sandbox;
mod server;
