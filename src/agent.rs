//! The User-Agent filter: the names that scanners give themselves.
//!
//! Compiled once, before the fork. Time is linear in the text, whatever the pattern: the `regex`
//! crate does not backtrack (<https://docs.rs/regex/latest/regex/#untrusted-input>).

use std::borrow::Cow;
use std::io;

use regex::bytes::{RegexSet, RegexSetBuilder};
use regex_automata::meta::{self, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::util::syntax;
use regex_automata::{Input, MatchKind, PatternSet};

use crate::escape::Escaped;
use crate::shm::atomic::{AtomicU64, Ordering};
use crate::shm::region::{Region, room_for};

/// Names that only attack tools use. Not in it: names that real devices carry too (eyeBeam,
/// Asterisk PBX, Cisco-SIPGateway, sipsak …), however often scanners borrow them. From the stock
/// kamailio.cfg, secfilter's README, and SIPVicious' and sippts' own sources.
pub const BUILTIN: [&str; 22] = [
    "friendly-scanner",
    "friendly-request",
    "sipvicious",
    "sundayddr",
    r"^sip-?scan",
    r"^sipcli\b",
    r"^pplsip",
    r"^sipptk",
    r"\bsippts\b",
    "VaxSIPUserAgent",
    "VaxIPUserAgent",
    r"^iWar\b",
    r"^sivus",
    "siparmyknife",
    r"\bsv(map|war|crack|crash)\b",
    r"\bnmap\b",
    r"^smap\b",
    r"^gulp\b",
    r"^nsauditor",
    r"^conaito",
    r"^voiphopper",
    r"^viproy",
];

/// What phones and servers call themselves, as different as they come: a pattern that matches all
/// of these was not written for a scanner.
const ORDINARY: [&str; 8] = [
    "Linphone/5.0",
    "Yealink SIP-T46S 66.84.0.15",
    "Grandstream GXP2170 1.0.9.26",
    "Z 5.4.10 rv2.10.13.2",
    "snom360/8.7",
    "PortSIP UC Client",
    "Asterisk PBX 18.10",
    "Bria 6",
];

/// Patterns while they are collected.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    added: Vec<String>,
}

impl Patterns {
    /// Adds a regular expression.
    ///
    /// # Errors
    ///
    /// A sentence that names the pattern and what is wrong with it.
    pub fn add(&mut self, pattern: &[u8]) -> Result<(), String> {
        let refuse = |why: &str| {
            // regex's explanation points at the place over several lines; a log line is one.
            let why = why
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ");
            format!(
                "agent_deny={}: must be a regular expression: {why}",
                Escaped(pattern)
            )
        };
        let text = std::str::from_utf8(pattern).map_err(|error| refuse(&error.to_string()))?;
        if text.is_empty() {
            return Err(refuse("it is empty, and would match every User-Agent"));
        }
        compile(&[text]).map_err(|error| refuse(&error.to_string()))?;
        self.added.push(text.to_owned());
        Ok(())
    }

    /// The patterns that were added.
    #[must_use]
    pub fn added(&self) -> &[String] {
        &self.added
    }

    /// A sentence for each pattern that matches whatever a phone calls itself.
    pub fn doubts(&self) -> impl Iterator<Item = String> {
        let matches_all = |pattern: &&String| {
            compile(&[pattern])
                .is_ok_and(|set| ORDINARY.iter().all(|agent| set.is_match(agent.as_bytes())))
        };
        self.added.iter().filter(matches_all).map(|pattern| {
            let (pattern, one, another) = (Escaped(pattern.as_bytes()), ORDINARY[0], ORDINARY[5]);
            format!(
                "agent_deny={pattern}: matches ordinary phones, {one} as well as {another}: every \
                 message with a User-Agent is a scanner's"
            )
        })
    }
}

fn compile<S: AsRef<str>>(patterns: &[S]) -> Result<RegexSet, regex::Error> {
    build(&quick(patterns))
}

fn build<S: AsRef<str>>(patterns: &[S]) -> Result<RegexSet, regex::Error> {
    RegexSetBuilder::new(patterns)
        .case_insensitive(true)
        .build()
}

/// The automaton of all patterns. It takes the same time for every byte: the regex crate's own looks for the
/// letters that patterns begin with first, and takes twice as long over a text of nothing else.
fn automaton(patterns: &[Cow<'_, str>]) -> io::Result<Regex> {
    let config = meta::Config::new()
        .auto_prefilter(false)
        .match_kind(MatchKind::All)
        .utf8_empty(false)
        .which_captures(WhichCaptures::None);
    let syntax = syntax::Config::new().case_insensitive(true).utf8(false);
    let mut builder = Regex::builder();
    let builder = builder.configure(config).syntax(syntax);
    builder.build_many(patterns).map_err(io::Error::other)
}

/// Patterns that an automaton can be made of, where they can be written so.
fn quick<S: AsRef<str>>(patterns: &[S]) -> Vec<Cow<'_, str>> {
    let patterns = patterns.iter().map(AsRef::as_ref);
    patterns
        .map(|pattern| {
            let quick = without_unicode(pattern);
            match build(std::slice::from_ref(&quick)) {
                Ok(_) => quick,
                Err(_) => pattern.into(),
            }
        })
        .collect()
}

/// A pattern with a word's border in it knows the letters of ASCII alone. An automaton cannot know all
/// of Unicode's: the regex crate would go back to its slowest engine at the first byte that is not
/// ASCII, and 60 kB of User-Agent would take 25 ms
/// (<https://docs.rs/regex/latest/regex/bytes/index.html#performance>).
fn without_unicode(pattern: &str) -> Cow<'_, str> {
    match pattern.contains(r"\b") || pattern.contains(r"\B") {
        true => format!("(?-u:{pattern})").into(),
        false => pattern.into(),
    }
}

/// The patterns, compiled, and how often each has matched.
#[allow(missing_debug_implementations)]
pub struct Filter {
    automaton: Regex,
    /// As they were written.
    patterns: Vec<String>,
    hits: &'static [AtomicU64],
}

impl Filter {
    /// The patterns that are in force.
    fn in_force(builtin: bool, patterns: &Patterns) -> Vec<&str> {
        let builtin = BUILTIN.iter().copied().filter(|_| builtin);
        builtin
            .chain(patterns.added.iter().map(String::as_str))
            .collect()
    }

    /// Bytes that the counts take from the region.
    #[must_use]
    pub fn room(builtin: bool, patterns: &Patterns) -> usize {
        room_for::<AtomicU64>(Self::in_force(builtin, patterns).len())
    }

    /// Compiles the patterns.
    ///
    /// # Errors
    ///
    /// When all of them together are too large for the regex crate, or the region has no room.
    pub fn new(region: &mut Region, builtin: bool, patterns: &Patterns) -> io::Result<Self> {
        let patterns = Self::in_force(builtin, patterns);
        Ok(Self {
            hits: region.array(patterns.len())?,
            automaton: automaton(&quick(&patterns))?,
            patterns: patterns.into_iter().map(str::to_owned).collect(),
        })
    }

    /// Does a scanner call itself so? Counts the patterns that say yes.
    #[must_use]
    pub fn matches(&self, agent: &[u8]) -> bool {
        if !self.automaton.is_match(agent) {
            return false;
        }
        let mut matching = PatternSet::new(self.automaton.pattern_len());
        let input = Input::new(agent);
        self.automaton
            .which_overlapping_matches(&input, &mut matching);
        for pattern in matching.iter() {
            self.hits[pattern].fetch_add(1, Ordering::Relaxed); // statistics only
        }
        true
    }

    /// Each pattern with its hits.
    pub fn hits(&self) -> impl Iterator<Item = (&str, u64)> {
        let hits = self.hits.iter().map(|hits| hits.load(Ordering::Relaxed));
        self.patterns.iter().map(String::as_str).zip(hits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(builtin: bool, added: &[&str]) -> Filter {
        let mut patterns = Patterns::default();
        for pattern in added {
            patterns.add(pattern.as_bytes()).unwrap();
        }
        let mut region = Region::new(Filter::room(builtin, &patterns)).unwrap();
        Filter::new(&mut region, builtin, &patterns).unwrap()
    }

    #[test]
    fn scanners() {
        let filter = filter(true, &[]);
        for agent in [
            "friendly-scanner",
            "Friendly-Scanner",
            "sipvicious",
            "sundayddr",
            "sip-scan",
            "sipscan v0.1",
            "sipcli/v1.8",
            "pplsip",
            "sipptk",
            "VaxSIPUserAgent/3.0",
            "iWar",
            "siparmyknife",
            "friendly-request",
            "svmap",
            "Mozilla/5.0 (compatible; Nmap Scripting Engine)",
            "Nmap NSE",
            "smap 0.6.0",
            "Gulp",
            "Nsauditor",
            "Conaito VoIP SDK",
            "VoIPHopper 2.04",
            "Viproy Penetration Testing Kit",
            "my svcrack 1",
        ] {
            assert!(filter.matches(agent.as_bytes()), "{agent}");
        }
    }

    #[test]
    fn phones() {
        let filter = filter(true, &[]);
        for agent in [
            "",
            "Linphone/5.0",
            "Yealink SIP-T46S 66.84.0.15",
            "Grandstream GXP2170 1.0.9.26",
            "Z 5.4.10 rv2.10.13.2",
            "Asterisk PBX 18.10",
            "FPBX-16.0.19(18.9)",
            "eyeBeam release 3006o",
            "Cisco-SIPGateway/IOS-15.4",
            "Cisco/SPA504G-7.6.2",
            "snom360/8.7",
            "MicroSIP/3.21.3",
            "PortSIP UC Client",
            "sipsak 0.9.7",
            "SIPClient",
            "Bria 6",
            "kamailio (5.6.3)",
            "Ozeki VoIP SIP SDK",
            "X-Lite release 5.0",
            "Polycom VVX",
            "sipclient sipgate",
            "Gulph Coast PBX",
            "SMApp/1.2",
            "Ericsson nmapper",
        ] {
            assert!(!filter.matches(agent.as_bytes()), "{agent}");
        }
    }

    #[test]
    fn a_pattern_that_matches_everything_is_told() {
        for (pattern, is_told) in [
            (".", true),
            (".*", true),
            ("x*", true),
            ("^", true),
            ("[a-z]", true),
            ("", false), // refused
            ("^$", false),
            ("friendly|", true),
            ("^evil", false),
            ("linphone", false),
            ("[0-9]", false),
            ("sip", false),
        ] {
            let mut patterns = Patterns::default();
            let _refused = patterns.add(pattern.as_bytes());
            let told: Vec<String> = patterns.doubts().collect();
            assert_eq!(!told.is_empty(), is_told, "{pattern}: {told:?}");
        }
    }

    #[test]
    fn added_patterns_are_counted() {
        let filter = filter(false, &["^bad", "worse$", "é"]);
        assert!(filter.matches(b"BAD and Worse"));
        assert!(filter.matches("É".as_bytes()));
        assert!(!filter.matches(b"\xff\xfe\x00"));
        assert!(
            !filter.matches(b"friendly-scanner"),
            "the built-in list is off"
        );
        assert_eq!(
            filter.hits().collect::<Vec<_>>(),
            [("^bad", 1), ("worse$", 1), ("é", 1)]
        );
    }

    #[test]
    fn borders_of_words_are_those_of_ascii() {
        for (pattern, agent, expected) in [
            (r"\bevil\b", &b"\xffevil\xff"[..], true),
            (r"\bevil\b", b"an evil one", true),
            (r"\bevil", "\u{e9}evil".as_bytes(), true),
            (r"\bevil\b", b"devil", false),
            (r"(?x) \b evil # worse", b"evil", true),
            (r"\b[\u{e9}]", "\u{e9}vil".as_bytes(), true), // not without Unicode: it stays as it is
        ] {
            let filter = filter(false, &[pattern]);
            assert_eq!(filter.matches(agent), expected, "{pattern}: {agent:?}");
            assert_eq!(filter.hits().next().map(|row| row.0), Some(pattern));
        }
    }

    #[test]
    fn no_pattern_matches_nothing() {
        assert!(!filter(false, &[]).matches(b"friendly-scanner"));
    }

    proptest::proptest! {
        #[test]
        fn no_pattern_panics(pattern: Vec<u8>) {
            let _either = Patterns::default().add(&pattern);
        }
    }
}
