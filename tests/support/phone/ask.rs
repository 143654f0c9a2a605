//! Requests that wait for their answer.

use super::Phone;
use crate::support::sip::{Message, Request};
use std::time::{Duration, Instant};

/// The longest wait for a final response. Usually "no answer" is known much sooner, see `idle`.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(10);

impl Phone {
    /// Sends it; the final response. None: the server is done and has not answered, or 10 s are
    /// over. A final response to an INVITE is acknowledged, which is one more request to whoever
    /// counts.
    #[track_caller]
    pub fn ask(&self, request: &Request) -> Option<Message> {
        self.send(request);
        let answer = self.answer_to(request)?;
        if request.method == "INVITE" {
            self.send(&request.acknowledge(&answer));
        }
        Some(answer)
    }

    /// [`Phone::ask`], and only the status.
    #[track_caller]
    pub fn status(&self, request: &Request) -> Option<u16> {
        self.ask(request)?.status()
    }

    /// Asks, and once more with credentials if challenged; a second time if the nonce was stale.
    #[track_caller]
    pub fn ask_as(&self, request: &Request, user: &str, password: &str) -> Option<Message> {
        let mut request = request.clone();
        let mut answer = self.ask(&request)?;
        for _ in 0..2 {
            let stale = answer
                .raw()
                .windows(10)
                .any(|text| text.eq_ignore_ascii_case(b"stale=true"));
            let tried = !request.value("Authorization").is_empty()
                || !request.value("Proxy-Authorization").is_empty();
            if !matches!(answer.status(), Some(401 | 407)) || tried && !stale {
                break;
            }
            request = request.authorize(&answer, user, password);
            answer = self.ask(&request)?;
        }
        Some(answer)
    }

    /// Registers as `user`; the final status. None: no answer.
    #[track_caller]
    pub fn register(&self, user: &str, password: &str) -> Option<u16> {
        self.ask_as(&self.request_as("REGISTER", user), user, password)?
            .status()
    }

    /// The final response to what was sent before.
    fn answer_to(&self, request: &Request) -> Option<Message> {
        let (call_id, cseq) = (request.value("Call-ID"), request.value("CSeq"));
        let deadline = Instant::now() + PATIENCE;
        let mut settling = Some(self.activity.settling());
        loop {
            // Asked before looking: what it answered before it was idle is there by now.
            let done = settling
                .as_mut()
                .is_some_and(|settling| settling.is_settled())
                || Instant::now() > deadline;
            match self
                .transport
                .receive(if done { Duration::ZERO } else { LOOK })
            {
                Some(message) if !message.answers(&call_id, &cseq) => {
                    self.inbox.borrow_mut().push_back(message)
                }
                Some(message) if message.is_final() => return Some(message),
                Some(_) => settling = None, // a provisional one: somebody else works on it
                None if done => return None,
                None => {}
            }
        }
    }
}
