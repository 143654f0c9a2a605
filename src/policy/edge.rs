//! The edge: a datagram's verdict before Kamailio's parser sees it. Only its source is known, and
//! its bytes are not looked at but to tell a keepalive.

use crate::clock::Clock;
use crate::counters::Counter;
use crate::edge::is_request;
use crate::message::NoMessage;
use crate::settings::{Edge, Finding};
use crate::source::Address;

use super::{Firewall, Standing, Verdict};

impl<C: Clock> Firewall<C> {
    /// Should this datagram be dropped unparsed? Of a source that is banned or in a list that
    /// denies, all are; where the edge counts (`edge=rate`), those of a source over its rate are
    /// too, and `check` does not count them again. A keepalive or a reply is no request, and is not
    /// counted.
    pub fn check_datagram(&self, address: Address, datagram: &[u8]) -> Verdict {
        let (source, hash) = self.locate(address);
        self.bans.prefetch(hash);
        let pin = self.pin();
        let denied = match self.standing(address, &pin) {
            Standing::Trusted(_) => return Verdict::Pass,
            Standing::Denied(found) if self.blocks(Finding::List) => Some(found),
            Standing::Denied(_) | Standing::Unlisted => None, // What is only logged, the script's check logs.
        };
        if self.bans.hit(source, hash, &self.clock) {
            self.counters.count(Counter::EdgeDropped);
            return Verdict::Blocked;
        }
        let verdict = self.follow_denied(denied, address, &NoMessage);
        if verdict != Verdict::Pass {
            self.counters.count(Counter::EdgeDropped);
            return verdict;
        }
        if self.settings.edge != Edge::Rate || !is_request(datagram) {
            return Verdict::Pass;
        }
        let verdict = self.charge_and_follow(address, source, hash);
        if verdict != Verdict::Pass {
            self.counters.count(Counter::EdgeDropped);
        }
        verdict
    }
}
