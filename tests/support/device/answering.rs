//! What a device answers to whoever asks it.

use super::dialog::Dialog;
use super::{Shared, State};
use crate::support::sip::{Message, branch};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// RFC 3261, 13.3.1.4: a 200 to an INVITE is sent again until its ACK comes.
const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
const GIVEN_UP: Duration = Duration::from_secs(32);
const SEEN: usize = 8;

/// One response: status, reason, more headers, each with its line end.
pub struct Reply(pub u16, pub &'static str, pub String);

/// The responses to a request.
pub type Manner = Box<dyn Fn(&Message) -> Vec<Reply> + Send + Sync>;

/// Rings, and takes every call.
pub fn takes_calls() -> Manner {
    Box::new(|request| {
        let reply = |status, reason| Reply(status, reason, String::new());
        let is_new = !request.header("To").is_some_and(|to| to.contains("tag="));
        match request.method() {
            Some("INVITE") if is_new => {
                vec![
                    reply(100, "Trying"),
                    reply(180, "Ringing"),
                    reply(200, "OK"),
                ]
            }
            _ => vec![reply(200, "OK")],
        }
    })
}

#[derive(Default)]
pub struct Answered {
    /// What was answered last, by branch and method.
    last: HashMap<(String, String), Vec<u8>>,
    calls: HashMap<String, Taken>,
}

struct Taken {
    dialog: Dialog,
    is_acknowledged: bool,
    has_ended: bool,
    answer: Vec<u8>,
    since: Instant,
    due: Instant,
    interval: Duration,
}

impl Answered {
    pub fn acknowledged(&self, call_id: &str) -> Option<Dialog> {
        let call = self.calls.get(call_id)?;
        call.is_acknowledged.then(|| call.dialog.clone())
    }

    pub fn has_ended(&self, call_id: &str) -> bool {
        self.calls.get(call_id).is_some_and(|call| call.has_ended)
    }

    pub fn describe(&self, call_id: &str) -> &'static str {
        match self.calls.get(call_id) {
            None => "never came",
            Some(call) if call.is_acknowledged => "is up",
            Some(_) => "was answered, and never acknowledged",
        }
    }
}

impl State {
    pub(super) fn note(&mut self, message: &Message) {
        self.seen.push_back(message.start_line().into());
        if self.seen.len() > SEEN {
            self.seen.pop_front();
        }
    }
}

impl Shared {
    pub(super) fn answer(&self, request: &Message) {
        let method = request.method().unwrap_or_default().to_string();
        let call_id = request.header("Call-ID").unwrap_or_default().to_string();
        let mut state = self.state();
        state.note(request);
        if method == "ACK" {
            if let Some(call) = state.answered.calls.get_mut(&call_id) {
                call.is_acknowledged = true;
            }
            return self.changed.notify_all();
        }
        let key = (
            branch(request.header("Via").unwrap_or_default()),
            method.clone(),
        );
        if let Some(last) = state.answered.last.get(&key) {
            return self.wire.send(last);
        }
        drop(state); // a manner may take its time
        let replies = (self.manner)(request);
        let mut state = self.state();
        for Reply(status, reason, headers) in replies {
            let answer = request.response(status, reason, &self.contact());
            let answer = answer.replacen("Contact: ", &format!("{headers}Contact: "), 1);
            self.wire.send(answer.as_bytes());
            if status < 200 {
                continue;
            }
            let bytes = answer.into_bytes();
            if method == "INVITE" && status == 200 {
                state.take_call(request, &bytes);
            }
            state.answered.last.insert(key.clone(), bytes);
        }
        if method == "BYE"
            && let Some(call) = state.answered.calls.get_mut(&call_id)
        {
            call.has_ended = true;
        }
        self.changed.notify_all();
    }

    /// The answers that nobody has acknowledged yet.
    pub(super) fn repeat_answers(&self) {
        let now = Instant::now();
        for call in self.state().answered.calls.values_mut() {
            let is_waiting = !call.is_acknowledged && !call.has_ended;
            if is_waiting && now >= call.due && now < call.since + GIVEN_UP {
                self.wire.send(&call.answer);
                call.interval = T2.min(call.interval * 2);
                call.due = now + call.interval;
            }
        }
    }
}

impl State {
    fn take_call(&mut self, invite: &Message, answer: &[u8]) {
        let Some(answered) = Message::parse(answer) else {
            return;
        };
        let call_id = invite.header("Call-ID").unwrap_or_default();
        let to = answered.header("To").unwrap_or_default();
        let now = Instant::now();
        let before = self.answered.calls.remove(call_id);
        let dialog = before.map_or_else(|| Dialog::of_callee(invite, to), |call| call.dialog);
        let taken = Taken {
            dialog,
            is_acknowledged: false,
            has_ended: false,
            answer: answer.into(),
            since: now,
            due: now + T1,
            interval: T1,
        };
        self.answered.calls.insert(call_id.into(), taken);
    }
}
