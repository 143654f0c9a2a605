//! An automaton of regular expressions as bytes: a table of states, read in place without any
//! trust in them.
//!
//! Built of a DFA of regex-automata, whose own form could only be read in place by `unsafe`: it must
//! be checked as a whole each time, or believed. One step of ours is one look into the table.

use std::collections::HashMap;

use regex_automata::dfa::{Automaton, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::{Anchored, Input, MatchError};

use crate::lists::lookup::tree::nodes::word;

/// Bytes of the head: width of a row, start, last state with a match, where matches and rows begin;
/// then the class of each byte.
const HEAD: usize = 64 + 256;

/// The state that nothing leads out of.
const DEAD: u32 = 0;

/// Writes the automaton. `entries`: the entry of each pattern.
pub fn write(dfa: &dense::DFA<Vec<u32>>, entries: &[u32]) -> Result<Vec<u8>, MatchError> {
    let start = dfa.start_state_forward(&Input::new("").anchored(Anchored::No))?;
    let classes = dfa.byte_classes();
    let width = classes.alphabet_len(); // the end of the text included
    let representatives: Vec<u8> = (1..width as u32 - 1).fold(vec![0], |mut found, class| {
        let is_of = |byte: &u8| u32::from(classes.get(*byte)) == class;
        found.extend((0..=255).find(is_of));
        found
    });
    let next = |state: StateID| {
        let over = representatives
            .iter()
            .map(move |&byte| dfa.next_state(state, byte));
        over.chain([dfa.next_eoi_state(state)])
    };

    // All states that the start leads to. Those with matches come first.
    let mut found = vec![start];
    let mut seen: HashMap<StateID, u32> = HashMap::from([(start, 0)]);
    let mut at = 0;
    while let Some(&state) = found.get(at) {
        for state in next(state).filter(|&state| !dfa.is_dead_state(state)) {
            seen.entry(state).or_insert_with(|| {
                found.push(state);
                0
            });
        }
        at += 1;
    }
    found.sort_by_key(|&state| !dfa.is_match_state(state));
    for (number, &state) in (1..).zip(&found) {
        seen.insert(state, number * width as u32);
    }

    let matches: Vec<StateID> = found
        .iter()
        .copied()
        .take_while(|&state| dfa.is_match_state(state))
        .collect();
    // For each state with a match: where its entries begin; then the entries, each list in order.
    let mut lists = vec![0_u32; matches.len() + 1];
    for (place, &state) in matches.iter().enumerate() {
        lists[place] = lists.len() as u32;
        let patterns = (0..dfa.match_len(state)).map(|n| dfa.match_pattern(state, n));
        let mut hit: Vec<u32> = patterns
            .filter_map(|pattern| entries.get(pattern.as_usize()).copied())
            .collect();
        hit.sort_unstable();
        lists.extend(hit);
    }
    lists[matches.len()] = lists.len() as u32;

    let lists_at = HEAD;
    let rows_at = (lists_at + lists.len() * 4).next_multiple_of(64);
    let mut bytes = Vec::with_capacity(rows_at + (found.len() + 1) * width * 4);
    let last_match = matches.len() * width;
    for value in [width, seen[&start] as usize, last_match, lists_at, rows_at] {
        bytes.extend_from_slice(&(value as u32).to_le_bytes());
    }
    bytes.resize(64, 0);
    bytes.extend((0..=255).map(|byte| classes.get(byte)));
    for value in lists {
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    bytes.resize(rows_at + width * 4, 0); // the row of the dead state, too
    for &state in &found {
        for next in next(state) {
            let number = seen.get(&next).copied().unwrap_or(DEAD);
            bytes.extend_from_slice(&number.to_le_bytes());
        }
    }
    Ok(bytes)
}

/// An entry that is alive and whose expression is found in the text: of those that are found first,
/// the first.
#[inline]
pub fn find(bytes: &[u8], text: &[u8], is_alive: &impl Fn(u32) -> bool) -> Option<u32> {
    let width = word(bytes, 0)?;
    let last_match = word(bytes, 8)?;
    let lists = bytes.get(word(bytes, 12)? as usize..)?;
    let rows = bytes.get(word(bytes, 16)? as usize..)?;
    let classes: &[u8; 256] = bytes.get(64..)?.first_chunk()?;
    let mut state = word(bytes, 4)?;
    let ends = [width.checked_sub(1)?];
    let steps = text.iter().map(|&byte| classes[usize::from(byte)].into());
    for class in steps.chain(ends) {
        state = word(rows, state.checked_add(class)? as usize * 4)?;
        if state > last_match {
            continue;
        }
        if state == DEAD {
            return None;
        }
        let place = (state / width).checked_sub(1)? as usize;
        let (from, to) = (word(lists, place * 4)?, word(lists, place * 4 + 4)?);
        let found = lists.get(from as usize * 4..to as usize * 4)?;
        let (entries, _) = found.as_chunks::<4>();
        let mut entries = entries.iter().map(|entry| u32::from_le_bytes(*entry));
        if let Some(entry) = entries.find(|&entry| is_alive(entry)) {
            return Some(entry);
        }
    }
    None
}
