//! What became of a request, and what the phone saw of it.

use crate::support::sip::{Message, Request};
use std::fmt::{Display, Formatter};
use std::time::{Duration, Instant};

pub struct Outcome {
    /// The final response; none, when the time was over.
    pub answer: Option<Message>,
    /// How often it was challenged.
    pub challenges: usize,
    /// Until then.
    pub took: Duration,
    trail: Trail,
}

/// What was sent and what came, in order.
pub struct Trail {
    who: String,
    since: Instant,
    steps: Vec<String>,
}

impl Trail {
    pub fn new(who: impl Display) -> Trail {
        Trail {
            who: who.to_string(),
            since: Instant::now(),
            steps: vec![],
        }
    }

    pub fn sent(&mut self, request: &Request) {
        let with = ["Authorization", "Proxy-Authorization"];
        let is_signed = with.iter().any(|name| !request.value(name).is_empty());
        let signed = if is_signed { " with credentials" } else { "" };
        self.note(&format!("{}{signed}", request.method));
    }

    pub fn came(&mut self, message: &Message) {
        self.note(message.start_line().trim_start_matches("SIP/2.0 "));
    }

    fn note(&mut self, what: &str) {
        let at = self.since.elapsed().as_secs_f64();
        self.steps.push(format!("{at:.2} s {what}"));
    }

    pub fn end(self, answer: Option<Message>, challenges: usize) -> Outcome {
        Outcome {
            answer,
            challenges,
            took: self.since.elapsed(),
            trail: self,
        }
    }
}

impl Outcome {
    pub fn status(&self) -> Option<u16> {
        self.answer.as_ref().and_then(Message::status)
    }

    /// The response, when it is this one; else what the phone saw.
    pub fn expect(self, status: u16) -> Result<Outcome, String> {
        match self.status() == Some(status) {
            true => Ok(self),
            false => Err(format!("{self}: {status} was due")),
        }
    }
}

impl Display for Outcome {
    fn fmt(&self, out: &mut Formatter) -> std::fmt::Result {
        let last = self
            .answer
            .as_ref()
            .map_or("no answer", |answer| answer.start_line());
        let took = self.took.as_secs_f64();
        let Trail { who, steps, .. } = &self.trail;
        write!(
            out,
            "{who}: {last} after {took:.2} s ({})",
            steps.join(", ")
        )
    }
}
