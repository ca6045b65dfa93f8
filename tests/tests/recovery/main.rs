//! Rotations that were interrupted: the real binary is killed, signalled, kept waiting and cut off
//! from its disk, and the next run, or `pamrun recover`, puts in order what is left.

mod cast;
mod handing_over;
mod killed;
mod locks;
mod recover;
mod signals;
mod trouble;
