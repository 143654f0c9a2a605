//! The sieve: asks a stranger for what RFC 3261 (17.1) makes a phone do, and a flood does not: the same
//! bytes again after half a second.

use std::io;

use crate::clock::Clock;
use crate::hash::Hash;
use crate::shm::marks::{Mark, Marks};
use crate::shm::region::Region;
use crate::source::Flow;

use super::Use;

/// Datagrams that are remembered: those of 13 seconds of 10,000 a second.
const MARKS: usize = 131_072;

/// Milliseconds that a datagram is remembered, from its last sight on: Timers B and F end the
/// retransmissions after 32 seconds (RFC 3261, table 4).
const LIFE_MS: u32 = 40_000;

/// A network may deliver a datagram twice.
const TWIN_MS: u32 = 5;

/// T1 is 500 ms; a phone's clock may be a little fast, and the way of the first one was longer.
const SOONEST_MS: u32 = 400;

/// So often the same datagram may pass: its answer gets lost too.
const PASSES: u64 = 3;

/// Of a datagram that came again too soon.
const BURNT: u64 = 15;

/// Bytes of a datagram that tell it from others.
const BYTES: usize = 1024;

const VALUE_BITS: u32 = 4;

/// What the sieve makes of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Seen for the first time, or not as a retransmission.
    Strange,
    /// A retransmission, which has passed so often before.
    Again(u64),
}

/// Which datagrams of strangers were seen. A copy means the same ones.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct Sieve {
    marks: Marks<VALUE_BITS>,
}

impl Sieve {
    /// Bytes that it takes from the region.
    pub const ROOM: usize = Marks::<VALUE_BITS>::room(MARKS);

    pub(super) fn new(region: &mut Region) -> io::Result<Self> {
        Ok(Self {
            marks: Marks::new(region, MARKS, LIFE_MS)?,
        })
    }

    /// Stands for a datagram.
    #[must_use]
    pub fn fingerprint(hash: &Hash, flow: Flow, datagram: &[u8]) -> u64 {
        let length = datagram.len().to_le_bytes();
        let bytes = &datagram[..datagram.len().min(BYTES)];
        hash.texts(&[&flow.bytes(), &length, bytes])
    }

    /// Takes note of a datagram.
    pub fn see(&self, fingerprint: u64, clock: &impl Clock) -> Sight {
        let (now_ms, mut sight) = (now(clock), Sight::Strange);
        let found = self.marks.find(fingerprint, now_ms).next();
        if let Some(Mark { age, value }) = found {
            if age < TWIN_MS {
                return sight;
            }
            if age >= SOONEST_MS && value < PASSES {
                sight = Sight::Again(value);
            }
        }
        self.marks.set(fingerprint, now_ms, |mark| match mark {
            None => 0,
            Some(Mark { age, .. }) if age < SOONEST_MS => BURNT,
            Some(Mark { value, .. }) => value,
        });
        sight
    }

    /// It has passed, which was once more than so often.
    pub fn passed(&self, fingerprint: u64, before: u64, clock: &impl Clock) {
        self.marks.set(fingerprint, now(clock), |_| before + 1);
    }

    pub(super) fn usage(&self, clock: &impl Clock) -> Use {
        Use {
            table: "sieve",
            capacity: self.marks.capacity(),
            used: self.marks.used(now(clock)),
            evictions: self.marks.evicted(),
            bytes: self.marks.bytes(),
        }
    }
}

/// Exact: the coarse clock would take a twin for a retransmission that came too soon.
#[allow(clippy::cast_possible_truncation)] // Marks count modulo 2²⁴.
fn now(clock: &impl Clock) -> u32 {
    clock.exact_ms() as u32
}
