//! Regular expressions, compiled into as few automata as there is room for: time is linear in the
//! text, and nothing is allocated.
//!
//! The syntax is that of the regex crate, with one difference: `\b` and `\B` know the letters of
//! ASCII only, because an automaton cannot know all of Unicode's.

use regex_automata::MatchKind;
use regex_automata::dfa::{StartKind, dense};
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::util::syntax;
use regex_syntax::hir::{Hir, HirKind, Look};

use super::automaton;
use crate::lists::lookup::tree::nodes::word;

/// An expression and the entry whose it is.
pub type Pattern<'a> = (&'a str, u32);

/// Bytes that an automaton of several expressions may take while it is built. Several smaller ones
/// are faster than one that no cache holds.
const SHARED_BYTES: usize = 256 << 10;

/// Bytes that one expression may take.
const ALONE_BYTES: usize = 8 << 20;

/// Bytes that all automata may take together.
const ALL_BYTES: usize = 64 << 20;

/// Writes the automata.
///
/// # Errors
///
/// Which entry is at fault, and why.
pub fn build(patterns: &[Pattern<'_>]) -> Result<Vec<u8>, (u32, String)> {
    let mut bytes = vec![];
    let mut groups = vec![patterns];
    while let Some(group) = groups.pop() {
        match compile(group) {
            Ok(automaton) if bytes.len() + automaton.len() <= ALL_BYTES => {
                put(&mut bytes, &automaton)
            }
            Ok(_) => {
                let all = ALL_BYTES >> 20;
                let why =
                    format!("with it, the list's expressions take more than {all} MB as automata");
                return Err((group[0].1, why));
            }
            Err(why) => match group {
                [] => {}
                [(_, entry)] => return Err((*entry, why)),
                _ => {
                    // The first half on top: it is next.
                    let (first, second) = group.split_at(group.len() / 2);
                    groups.extend([second, first]);
                }
            },
        }
    }
    Ok(bytes)
}

/// Each automaton behind its length, at a cache line.
#[allow(clippy::cast_possible_truncation)] // less than `ALL_BYTES`
fn put(bytes: &mut Vec<u8>, automaton: &[u8]) {
    let length = automaton.len().next_multiple_of(64);
    let start = bytes.len();
    bytes.extend_from_slice(&(length as u32).to_le_bytes());
    bytes.resize(start + 64, 0);
    bytes.extend_from_slice(automaton);
    bytes.resize(start + 64 + length, 0);
}

/// An entry that is alive and whose expression is found in the text.
#[inline]
pub fn find(bytes: &[u8], text: &[u8], is_alive: impl Fn(u32) -> bool) -> Option<u32> {
    let mut rest = bytes;
    while let Some(length) = word(rest, 0) {
        let automaton = rest.get(64..)?;
        if let Some(entry) = automaton::find(automaton, text, &is_alive) {
            return Some(entry);
        }
        rest = automaton.get(length as usize..)?;
    }
    None
}

/// One automaton of several expressions, or why there is none.
fn compile(patterns: &[Pattern<'_>]) -> Result<Vec<u8>, String> {
    let limit = if patterns.len() > 1 {
        SHARED_BYTES
    } else {
        ALONE_BYTES
    };
    let too_large = |_| {
        format!(
            "is too large: as an automaton it takes more than {} MB",
            ALONE_BYTES >> 20
        )
    };
    let config = syntax::Config::new().case_insensitive(true).utf8(false);
    let mut parsed = Vec::with_capacity(patterns.len());
    for (text, _) in patterns {
        let hir = syntax::parse_with(text, &config).map_err(|error| why(&error))?;
        parsed.push(with_ascii_borders(hir));
    }
    let nfa: NFA = thompson::Compiler::new()
        .configure(
            thompson::Config::new()
                .utf8(false)
                .which_captures(WhichCaptures::None)
                .nfa_size_limit(Some(limit)),
        )
        .build_many_from_hir(&parsed)
        .map_err(too_large_nfa)?;
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .start_kind(StartKind::Unanchored)
        .accelerate(false)
        .dfa_size_limit(Some(limit))
        .determinize_size_limit(Some(limit));
    let dfa = dense::Builder::new()
        .configure(config)
        .build_from_nfa(&nfa)
        .map_err(too_large)?;
    let entries: Vec<u32> = patterns.iter().map(|&(_, entry)| entry).collect();
    automaton::write(&dfa, &entries).map_err(|error| error.to_string())
}

fn too_large_nfa(_: thompson::BuildError) -> String {
    format!(
        "is too large: as an automaton it takes more than {} MB",
        ALONE_BYTES >> 20
    )
}

/// The reason in one line: the parser points at the place over several.
fn why(error: &impl ToString) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default().trim();
    format!(
        "must be a regular expression: {}",
        last.trim_start_matches("error: ")
    )
}

/// With the borders of words of ASCII in place of Unicode's.
fn with_ascii_borders(hir: Hir) -> Hir {
    match hir.into_kind() {
        HirKind::Look(look) => Hir::look(ascii(look)),
        HirKind::Repetition(mut repetition) => {
            repetition.sub = Box::new(with_ascii_borders(*repetition.sub));
            Hir::repetition(repetition)
        }
        HirKind::Capture(mut capture) => {
            capture.sub = Box::new(with_ascii_borders(*capture.sub));
            Hir::capture(capture)
        }
        HirKind::Concat(parts) => Hir::concat(parts.into_iter().map(with_ascii_borders).collect()),
        HirKind::Alternation(parts) => {
            Hir::alternation(parts.into_iter().map(with_ascii_borders).collect())
        }
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Class(class) => Hir::class(class),
    }
}

const fn ascii(look: Look) -> Look {
    match look {
        Look::WordUnicode => Look::WordAscii,
        Look::WordUnicodeNegate => Look::WordAsciiNegate,
        Look::WordStartUnicode => Look::WordStartAscii,
        Look::WordEndUnicode => Look::WordEndAscii,
        Look::WordStartHalfUnicode => Look::WordStartHalfAscii,
        Look::WordEndHalfUnicode => Look::WordEndHalfAscii,
        other => other,
    }
}
