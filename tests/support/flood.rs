//! Many requests, as fast as possible or at an exact rate, from one source or from many; and what
//! became of each.

use super::pace::Pace;
use super::phone::Phone;
use super::server::Server;
use super::sip::Request;
use super::tally::{Outcome, Tally};
use std::collections::HashMap;
use std::time::{Duration, Instant};

pub struct Flood<'a> {
    server: &'a Server,
    sources: Vec<String>,
    requests: usize,
    per_second: Option<f64>,
    request: Build<'a>,
}

type Build<'a> = Box<dyn Fn(&Phone, usize) -> Request + 'a>;

impl<'a> Flood<'a> {
    /// Unless told otherwise: one OPTIONS from 127.0.0.1, at once.
    pub fn on(server: &'a Server) -> Flood<'a> {
        Flood {
            server,
            sources: vec!["127.0.0.1".into()],
            requests: 1,
            per_second: None,
            request: Box::new(|phone, _| phone.request("OPTIONS")),
        }
    }

    pub fn from(self, source: &str) -> Flood<'a> {
        self.sources([source])
    }

    /// In turn. Each has a socket of its own: some hundreds at the most. For more, see [`spray`].
    pub fn sources<S: Into<String>>(mut self, sources: impl IntoIterator<Item = S>) -> Flood<'a> {
        self.sources = sources.into_iter().map(Into::into).collect();
        self
    }

    /// From all sources together.
    pub fn requests(mut self, requests: usize) -> Flood<'a> {
        self.requests = requests;
        self
    }

    /// At exactly this rate, all sources together; without it as fast as possible.
    pub fn per_second(mut self, rate: f64) -> Flood<'a> {
        self.per_second = Some(rate);
        self
    }

    /// Builds the n-th request, counted from 0; each must have a Call-ID of its own, as
    /// [`Phone::request`] gives it.
    pub fn each(mut self, request: impl Fn(&Phone, usize) -> Request + 'a) -> Flood<'a> {
        self.request = Box::new(request);
        self
    }

    /// Sends them all, waits until the server has done its work, and counts.
    #[track_caller]
    pub fn send(self) -> Tally {
        let phones: Vec<Phone> = self
            .sources
            .iter()
            .map(|source| Phone::udp(self.server, source))
            .collect();
        let mut pace = self.per_second.map(Pace::per_second);
        let dropped = self.server.dropped();
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(self.requests);
        let mut waiting = HashMap::with_capacity(self.requests);
        let start = Instant::now();
        for number in 0..self.requests {
            let turn = number % phones.len();
            let request = (self.request)(&phones[turn], number);
            waiting.insert(request.value("Call-ID"), number);
            if let Some(pace) = &mut pace {
                pace.tick();
            }
            outcomes.push(Outcome {
                source: self.sources[turn].clone(),
                sent: start.elapsed(),
                status: None,
            });
            phones[turn].send(&request);
            collect(&phones[turn], &waiting, &mut outcomes);
        }
        self.server.wait_idle();
        phones
            .iter()
            .for_each(|phone| collect(phone, &waiting, &mut outcomes));
        Tally {
            outcomes,
            dropped: self.server.dropped() - dropped,
        }
    }
}

/// Takes what has come so far.
fn collect(phone: &Phone, waiting: &HashMap<String, usize>, outcomes: &mut [Outcome]) {
    while let Some(message) = phone.receive(Duration::ZERO) {
        let number = message
            .header("Call-ID")
            .and_then(|call_id| waiting.get(call_id));
        if let (Some(&number), true) = (number, message.is_final()) {
            outcomes[number].status = outcomes[number].status.or(message.status());
        }
    }
}

/// One request from each of any number of sources, as fast as possible; answers are not looked at.
#[track_caller]
pub fn spray<S: AsRef<str>>(
    server: &Server,
    sources: impl IntoIterator<Item = S>,
    request: impl Fn(&Phone) -> Request,
) {
    for source in sources {
        let phone = Phone::udp(server, source.as_ref());
        phone.send(&request(&phone));
    }
    server.wait_idle();
}
