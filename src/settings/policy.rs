//! The parameter `policy`: what follows from what a check finds.

use std::fmt;

use crate::counters::Counter;
use crate::escape::Escaped;

macro_rules! reasons {
    ($($(#[$doc:meta])+ $reason:ident $name:literal $counter:ident $default:expr;)+) => {
        /// What a check can find: the reason of what follows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Reason {
            $($(#[$doc])+ $reason,)+
        }

        impl Reason {
            /// Every reason, with the name that the parameter, the log and the bans give it.
            pub const NAMES: [(&'static str, Self); [$($name),+].len()] =
                [$(($name, Self::$reason),)+];

            /// What a message is counted as that is blocked for it.
            #[must_use]
            pub const fn blocked(self) -> Counter {
                match self {
                    $(Self::$reason => Counter::$counter,)+
                }
            }

            /// What follows where the parameter says nothing. `None`: older parameters decide
            /// (`rate_ban_time`, `agent_ban_time`, `auth_scope`).
            const fn default(self) -> Option<Consequence> {
                match self {
                    $(Self::$reason => $default,)+
                }
            }
        }
    };
}

// A reason is one row here, and one of the counters.
reasons! {
    /// The source is over the rate.
    Rate "rate" BlockedRate None;
    /// A scanner's User-Agent, or one in a list that denies.
    Agent "agent" BlockedAgent None;
    /// Too many wrong passwords.
    Auth "auth" AuthBlocked None;
    /// In a list that denies (but of agents, countries, systems).
    List "list" BlockedList Some(Consequence::Block);
    /// The source's country or autonomous system is denied.
    Country "country" BlockedCountry Some(Consequence::Block);
    /// SQL in the user part of a URI or of the credentials.
    Sqli "sqli" BlockedSqli Some(Consequence::Block);
    /// A Contact by address. Ordinary phones trip it.
    Contact "contact" BlockedContact Some(Consequence::Off);
    /// A Record-Route that is not the sender's. Ordinary proxies trip it.
    Route "route" BlockedRoute Some(Consequence::Off);
    /// Too many distinct users or destinations that fail.
    Scan "scan" BlockedScan Some(Consequence::Ban(3600));
    /// Too many signals from the script.
    Malformed "malformed" BlockedMalformed Some(Consequence::Ban(DEFAULT_BAN_S));
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// It is not even looked for.
    Off,
    /// It is counted and logged, and let through.
    Log,
    /// The message is blocked.
    Block,
    /// The message is blocked and the source banned, for so many seconds (0: until lifted).
    Ban(u64),
}

impl Reason {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].0
    }
}

/// Seconds of a ban whose time is left out.
pub const DEFAULT_BAN_S: u64 = 300;

/// Seconds of the longest ban: ten years.
const LONGEST_BAN_S: u64 = 315_360_000;

/// What follows from each finding.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    consequences: [Option<Consequence>; Reason::NAMES.len()],
    /// How often each was named.
    named: [u32; Reason::NAMES.len()],
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            consequences: Reason::NAMES.map(|(_, finding)| finding.default()),
            named: Default::default(),
        }
    }
}

impl Policy {
    /// What follows; `None`: see [`Reason::default`].
    #[must_use]
    pub const fn of(&self, finding: Reason) -> Option<Consequence> {
        self.consequences[finding as usize]
    }

    /// Takes `agent=block sqli=ban:86400`, separated by spaces or commas. What is named is changed.
    ///
    /// # Errors
    ///
    /// A sentence that names the word and what is allowed.
    pub fn add(&mut self, text: &[u8]) -> Result<(), String> {
        let words = text
            .split(|byte| b", \t\r\n;".contains(byte))
            .filter(|word| !word.is_empty());
        for word in words {
            let refuse = |what: &str| format!("policy={}: {what}", Escaped(word));
            let at = word
                .iter()
                .position(|&byte| byte == b'=')
                .ok_or_else(|| refuse("must be words such as sqli=block or scan=ban:3600"))?;
            let finding = Reason::NAMES
                .iter()
                .find(|(name, _)| name.as_bytes() == &word[..at]);
            let &(_, finding) = finding.ok_or_else(|| {
                let names: Vec<&str> = Reason::NAMES.iter().map(|&(name, _)| name).collect();
                refuse(&format!("the reason must be one of {}", names.join(", ")))
            })?;
            let consequence = parse(&word[at + 1..]).ok_or_else(|| {
                refuse(&format!(
                    "must be off, log, block, ban or ban:seconds, seconds between 0 (until lifted) \
                     and {LONGEST_BAN_S}"
                ))
            })?;
            self.consequences[finding as usize] = Some(consequence);
            self.named[finding as usize] += 1;
        }
        Ok(())
    }

    /// A sentence for each reason that was named more than once.
    pub(super) fn doubts(&self) -> impl Iterator<Item = String> {
        let twice = Reason::NAMES
            .iter()
            .filter(|&&(_, finding)| self.named[finding as usize] > 1);
        twice.filter_map(|&(name, finding)| {
            let times = self.named[finding as usize];
            let last = self.of(finding)?;
            Some(format!(
                "policy={name}={last}: {name} is named {times} times, the last one counts"
            ))
        })
    }
}

fn parse(word: &[u8]) -> Option<Consequence> {
    match word {
        b"off" => Some(Consequence::Off),
        b"log" => Some(Consequence::Log),
        b"block" => Some(Consequence::Block),
        b"ban" => Some(Consequence::Ban(DEFAULT_BAN_S)),
        _ => {
            let seconds = std::str::from_utf8(word.strip_prefix(b"ban:")?).ok()?;
            let seconds = seconds.parse().ok()?;
            (seconds <= LONGEST_BAN_S).then_some(Consequence::Ban(seconds))
        }
    }
}

impl fmt::Display for Consequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Log => f.write_str("log"),
            Self::Block => f.write_str("block"),
            Self::Ban(seconds) => write!(f, "ban:{seconds}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_stand_in_their_own_order() {
        for (index, (_, finding)) in Reason::NAMES.into_iter().enumerate() {
            assert_eq!(finding as usize, index);
        }
    }

    #[test]
    fn what_is_named_is_changed() {
        let mut policy = Policy::default();
        policy
            .add(b"sqli=ban:86400 country=off, contact=log;scan=ban")
            .unwrap();
        for (finding, expected) in [
            (Reason::Sqli, Some(Consequence::Ban(86400))),
            (Reason::Country, Some(Consequence::Off)),
            (Reason::Contact, Some(Consequence::Log)),
            (Reason::Scan, Some(Consequence::Ban(DEFAULT_BAN_S))),
            (Reason::List, Some(Consequence::Block)),
            (Reason::Rate, None),
        ] {
            assert_eq!(policy.of(finding), expected, "{finding:?}");
        }
    }

    #[test]
    fn bad_words_are_named() {
        for (word, expected) in [
            ("sqli", "policy=sqli: must be words such as"),
            (
                "sql=block",
                "policy=sql=block: the reason must be one of rate, agent, auth,",
            ),
            ("sqli=", "policy=sqli=: must be off, log, block"),
            ("sqli=ban:", "policy=sqli=ban:: must be off"),
            ("sqli=ban:-1", "policy=sqli=ban:-1: must be off"),
            (
                "sqli=ban:315360001",
                "policy=sqli=ban:315360001: must be off",
            ),
            ("sqli=drop", "policy=sqli=drop: must be off"),
        ] {
            let error = Policy::default().add(word.as_bytes()).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
