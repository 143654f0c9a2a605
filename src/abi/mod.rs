//! The C ABI: what `include/palisade.h` promises, and the only `extern "C"` of the crate.
//!
//! # The contract
//!
//! - **Life.** `palisade_load`, then parameters, then `palisade_start`, all in one process; fork;
//!   `palisade_worker_start` in each process that calls checks; `palisade_tick` once a second in one
//!   of them; `palisade_stop` at the end. A function that comes too early answers its error value.
//! - **Keeper.** A host may have one process more, that loads and changes lists while the others go
//!   on: `palisade_expect_keeper` before the fork, then `palisade_keeper_turn` there, again and
//!   again. Without it, whoever answers an RPC command does that work.
//! - **Texts** are bytes and a length. `data` NULL means "left out". Nothing is kept after the call.
//! - **Pointers** to a message must be valid for the call; NULL is a message without a source.
//! - **Errors** of the life functions are -1, after one line in the log that says why. Checks answer
//!   the codes named with each of them, never 0.
//! - **Panics** do not cross: every function runs inside [`boundary::guard`], which counts and logs
//!   the fault and answers what the parameter `on_fault` says, or the function's error value.
//! - **Threads.** One caller at a time per process, as in Kamailio; any number of processes.
//! - **Memory** is taken by `palisade_start` alone. Nothing is handed out that must be freed.

mod auth;
mod bans;
mod boundary;
mod checks;
pub mod functions;
mod geo;
mod keeper;
mod life;
mod lists;
mod messages;
mod rpc;
mod scans;
mod types;

pub use auth::*;
pub use bans::*;
pub use checks::*;
pub use geo::*;
pub use keeper::*;
pub use life::*;
pub use lists::*;
pub use messages::*;
pub use rpc::*;
pub use scans::*;
pub use types::*;
