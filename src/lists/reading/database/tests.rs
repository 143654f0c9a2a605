//! What the tests of tables share.

pub mod memory;
