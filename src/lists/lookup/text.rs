//! The texts of a list, found whatever the ASCII case, in a time that hardly depends on how many
//! there are: whole ([`exact`]), by their beginning, their end ([`trie`]) or a part ([`parts`]), and
//! by regular expressions ([`expressions`]).
//!
//! In this order: the first that matches, and whose end has not come, is the answer.

use super::entry::Matching;
use super::sections::Section;
use crate::hash::Hash;

mod automaton;
mod exact;
mod expressions;
mod literal;
mod parts;
#[cfg(all(test, not(loom)))]
mod tests;
mod trie;

use trie::Trie;

/// An entry of a list of texts.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// Its place in the list.
    pub index: u32,
    /// How it is compared.
    pub matching: Matching,
    /// With what.
    pub text: &'a [u8],
}

/// A text in small letters, and the entry whose it is.
type Key = (Vec<u8>, u32);

/// Parts that are shorter are searched for apart, so that they don't spoil the filter for the
/// longer ones.
const SHORT: usize = parts::GRAM;

/// Writes what a look-up goes through.
///
/// # Errors
///
/// Which entry is at fault, and why: a regular expression that is none or too large.
pub fn build<'a>(
    entries: impl Iterator<Item = Given<'a>>,
    hash: &Hash,
    put: &mut impl FnMut(Section, &[u8]),
) -> Result<(), (u32, String)> {
    let mut wholes: Vec<Key> = vec![];
    let mut prefixes: Vec<Key> = vec![];
    let mut suffixes: Vec<Key> = vec![];
    let mut parts: Vec<Key> = vec![];
    let mut short_parts: Vec<Key> = vec![];
    let mut patterns: Vec<expressions::Pattern<'_>> = vec![];
    for Given {
        index,
        matching,
        text,
    } in entries
    {
        let (matching, mut text) = match (matching, literal::plain(text)) {
            (Matching::Regex, Some(plain)) => plain,
            (Matching::Regex, None) => {
                let pattern = std::str::from_utf8(text)
                    .map_err(|error| (index, format!("must be a regular expression: {error}")))?;
                patterns.push((pattern, index));
                continue;
            }
            _ => (matching, text.to_vec()),
        };
        text.make_ascii_lowercase();
        match matching {
            Matching::Exact => wholes.push((text, index)),
            Matching::Prefix => prefixes.push((text, index)),
            Matching::Suffix => suffixes.push((text.into_iter().rev().collect(), index)),
            Matching::Contains if text.len() < SHORT => short_parts.push((text, index)),
            Matching::Contains | Matching::Regex => parts.push((text, index)),
        }
    }
    if !wholes.is_empty() {
        put(Section::Exact, &exact::build(&wholes, hash));
    }
    for (section, keys) in [
        (Section::Prefixes, &mut prefixes),
        (Section::Suffixes, &mut suffixes),
    ] {
        if !keys.is_empty() {
            put(section, &trie::Builder::new(keys).write(&[]));
        }
    }
    for (section, keys) in [
        (Section::ShortParts, &mut short_parts),
        (Section::Parts, &mut parts),
    ] {
        if !keys.is_empty() {
            put(section, &parts::build(keys));
        }
    }
    if !patterns.is_empty() {
        put(Section::Expressions, &expressions::build(&patterns)?);
    }
    Ok(())
}

/// The entry that a text matches. `is_text` says whether an entry's text is this one, `is_alive`
/// whether its end has not come.
pub fn find<'a>(
    get: impl Fn(Section) -> Option<&'a [u8]>,
    text: &[u8],
    hash: &Hash,
    is_text: impl Fn(u32) -> bool,
    is_alive: impl Fn(u32) -> bool,
) -> Option<u32> {
    let is_whole = |entry| is_text(entry) && is_alive(entry);
    let whole = get(Section::Exact).and_then(|index| exact::find(index, text, hash, is_whole));
    whole
        .or_else(|| find_prefix(&get, text, &is_alive))
        .or_else(|| {
            let trie = Trie::over(get(Section::Suffixes)?)?;
            trie.longest(text.iter().rev().copied(), &is_alive)
        })
        .or_else(|| {
            [Section::Parts, Section::ShortParts]
                .into_iter()
                .find_map(|section| parts::find(get(section)?, text, &is_alive))
        })
        .or_else(|| expressions::find(get(Section::Expressions)?, text, &is_alive))
}

/// The entry of the longest prefix that a text has and that is alive.
pub fn find_prefix<'a>(
    get: impl Fn(Section) -> Option<&'a [u8]>,
    text: &[u8],
    is_alive: impl Fn(u32) -> bool,
) -> Option<u32> {
    let trie = Trie::over(get(Section::Prefixes)?)?;
    trie.longest(text.iter().copied(), is_alive)
}
