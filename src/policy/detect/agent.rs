//! Is it a scanner's User-Agent: by a list that denies, or by the filter?

use crate::clock::Clock;
use crate::lists::{Action, Kind};
use crate::message::{Message, looked_at};
use crate::policy::Inspection;
use crate::policy::evidence::{Evidence, What};
use crate::settings::Reason;

/// Looks at a text, the User-Agent of the message or another.
pub fn detect<'e, 'p: 'e, M: Message, C: Clock>(
    inspection: &Inspection<'p, M, C>,
    agent: &'e [u8],
) -> Option<Evidence<'e>> {
    if agent.is_empty() {
        return None;
    }
    // A list may take ten times as long over a byte as the filter does.
    let what = match inspection.find_text(Kind::Agent, Action::Deny, looked_at(agent)) {
        Some(listed) => What::Listed(listed),
        None if inspection.firewall.agents.matches(agent) => What::Agent(agent),
        None => return None,
    };
    Some(inspection.evidence(Reason::Agent, what))
}
