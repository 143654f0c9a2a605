//! What was seen of one attack against one Asterisk.

use super::asterisk::{Asterisk, Mark};
use super::caller::ban_of;
use super::wire::Exchange;
use crate::support::Server;
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What Asterisk said: to requests without credentials, to those with.
    pub replies: String,
    /// How many of the tries it evaluated.
    pub evaluated: usize,
    pub palisade: String,
    /// Lines that Fail2ban's filter finds.
    pub fail2ban: usize,
    /// Was each reply a challenge to a request without credentials?
    pub is_unanswered: bool,
    /// Did a reply tell anything: of a password, a user, a number?
    pub is_telling: bool,
}

impl Seen {
    pub fn of(kam: &Server, pbx: &Asterisk, begin: Mark, end: Mark, source: &str) -> Seen {
        let address = format!("127.0.0.1:{}", kam.port());
        let exchanges = pbx.exchanges(begin, end, &address);
        let (with, without): (Vec<_>, Vec<_>) =
            exchanges.iter().partition(|it| it.has_credentials());
        let is_challenge = |it: &&&Exchange| matches!(it.status(), Some(401 | 407));
        let is_unanswered = with.is_empty()
            && !without.is_empty()
            && without.iter().filter(is_challenge).count() == without.len();
        let told = [401, 403, 404, 407, 484, 603];
        Seen {
            replies: [&without, &with]
                .iter()
                .filter(|those| !those.is_empty())
                .map(|those| statuses(those))
                .collect::<Vec<_>>()
                .join(" → "),
            evaluated: if with.is_empty() { &without } else { &with }.len(),
            palisade: verdict(kam, source),
            // Whoever sends, it is Kamailio that Asterisk sees.
            fail2ban: pbx.fail2ban(begin, end, "127.0.0.1"),
            is_unanswered,
            is_telling: exchanges
                .iter()
                .any(|it| it.status().is_some_and(|status| told.contains(&status))),
        }
    }

    pub fn is_found(&self) -> bool {
        self.palisade != NOTHING
    }
}

pub const NOTHING: &str = "–";

/// The reason of its ban, else whom it may no longer ask for, else what was dropped of it.
fn verdict(kam: &Server, source: &str) -> String {
    if let Some(reason) = ban_of(kam, source) {
        return format!("banned: {reason}");
    }
    let key = format!("key={source} ");
    let lines = kam.log().matching(&key);
    let is_told = |what: &str| lines.iter().any(|line| line.contains(what));
    if is_told("palisade: auth_block ") {
        return "user blocked".into();
    }
    let block = lines.iter().find(|line| line.contains("palisade: block "));
    let reason = block.and_then(|line| line.split_once("reason=")?.1.split(' ').next());
    reason.map_or(NOTHING.into(), |reason| format!("dropped: {reason}"))
}

/// `401`, `401, 404`: the most frequent first.
fn statuses(exchanges: &[&Exchange]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for exchange in exchanges {
        let status = exchange.status();
        let text = status.map_or("no answer".into(), |status| status.to_string());
        *counts.entry(text).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let texts: Vec<_> = counts.into_iter().map(|(text, _)| text).collect();
    texts.join(", ")
}
