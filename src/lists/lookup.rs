//! Looking up: the image of a list, and what is asked of it while a message is handled.
//!
//! Not where entries come from. Nothing here allocates on the way of a look-up, and no bytes make it
//! panic.

pub mod entry;
pub mod image;
pub mod network;
pub mod number;
pub mod sections;
pub mod text;
pub mod tree;
