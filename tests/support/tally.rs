//! What became of the requests of a flood.

use std::fmt;
use std::time::Duration;

/// What became of one request.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub source: String,
    /// When it was sent, counted from the first.
    pub sent: Duration,
    /// None: no final response.
    pub status: Option<u16>,
}

/// In the order in which they were sent.
#[derive(Clone, Debug)]
pub struct Tally {
    pub outcomes: Vec<Outcome>,
    /// Datagrams that never reached the server's SIP stack: it did not keep up.
    pub dropped: u64,
}

impl Tally {
    /// How many had a final response, whatever it was.
    pub fn answered(&self) -> usize {
        self.count(|outcome| outcome.status.is_some())
    }

    pub fn silent(&self) -> usize {
        self.count(|outcome| outcome.status.is_none())
    }

    pub fn with(&self, status: u16) -> usize {
        self.count(|outcome| outcome.status == Some(status))
    }

    /// The first request without an answer, counted from 0.
    pub fn first_silent(&self) -> Option<usize> {
        self.first(|outcome| outcome.status.is_none())
    }

    pub fn first(&self, wanted: impl Fn(&Outcome) -> bool) -> Option<usize> {
        self.outcomes.iter().position(wanted)
    }

    pub fn count(&self, wanted: impl Fn(&Outcome) -> bool) -> usize {
        self.outcomes
            .iter()
            .filter(|outcome| wanted(outcome))
            .count()
    }

    pub fn of(&self, source: &str) -> Tally {
        let outcomes = self
            .outcomes
            .iter()
            .filter(|outcome| outcome.source == source)
            .cloned()
            .collect();
        Tally {
            outcomes,
            dropped: self.dropped,
        }
    }
}

/// `3×200 2×- 1×403`: runs of the same status, in order; `-` is silence.
impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        for run in self.outcomes.chunk_by(|a, b| a.status == b.status) {
            let status = run[0]
                .status
                .map_or("-".into(), |status| status.to_string());
            write!(out, "{}×{status} ", run.len())?;
        }
        write!(out, "(dropped {})", self.dropped)
    }
}
