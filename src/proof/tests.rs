//! Tests of the proofs.
