//! The User-Agent of a message: against the lists of agents, and the filter.

use crate::clock::Clock;
use crate::escape::Escaped;
use crate::lists::{Action, Kind};
use crate::message::{Message, Part};
use crate::settings::Finding;
use crate::shm::arena::Pin;
use crate::source::Address;

use super::{Firewall, Verdict};

impl<C: Clock> Firewall<C> {
    /// The User-Agent of a message against the filter.
    pub fn check_agent_of(&self, address: Address, message: &impl Message) -> Verdict {
        self.check_agent(address, message, message.part(Part::UserAgent))
    }

    /// A text against the filter, on behalf of a message.
    pub fn check_agent(&self, address: Address, message: &impl Message, agent: &[u8]) -> Verdict {
        let pin = self.pin();
        if self.is_trusted(address)
            || self
                .find_text(Kind::Agent, Action::Trust, agent, &pin)
                .is_some()
        {
            return Verdict::Pass;
        }
        self.judge_agent(address, message, agent, &pin)
    }

    pub(super) fn judge_agent(
        &self,
        address: Address,
        message: &impl Message,
        agent: &[u8],
        pin: &Option<Pin<'_>>,
    ) -> Verdict {
        if agent.is_empty() || !self.looks_for(Finding::Agent) {
            return Verdict::Pass;
        }
        if let Some(found) = self.find_text(Kind::Agent, Action::Deny, agent, pin) {
            return self.follow_found(Finding::Agent, found, address, message);
        }
        if !self.agents.matches(agent) {
            return Verdict::Pass;
        }
        let agent = Escaped(agent);
        let evidence = format_args!(" agent=\"{agent}\"");
        self.follow(Finding::Agent, address, message, evidence)
    }
}
