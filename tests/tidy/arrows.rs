//! The direction of the arrows: which room may use which.

use super::tree::File;
use std::collections::BTreeSet;

/// From the top down: a room uses only rooms that stand below it, and of these only the ones named.
///
/// The host stands above the report, because it implements what the report writes to, and what a
/// check asks of a message.
pub const ROOMS: [(&str, &str); 30] = [
    (
        "abi",
        "host policy report ban scan source message counters journal settings escape",
    ),
    ("host", "report message lists"),
    (
        "report",
        "policy keeper auth rate ban scan proof source settings clock escape shm lists",
    ),
    (
        "policy",
        "auth rate ban scan agent proof digest sqli edge settings source message counters journal clock hash escape shm geo keeper lists",
    ),
    (
        "keeper",
        "geo lists::reading lists::running counters journal clock escape shm",
    ),
    ("auth", "proof settings source hash clock shm"),
    ("proof", "digest rate source hash clock shm"),
    ("digest", ""),
    ("rate", "source clock shm"),
    ("ban", "source clock escape shm"),
    ("scan", "source hash clock escape shm"),
    ("edge", ""),
    ("settings", "agent trusted source counters escape geo lists"),
    ("geo", "lists::lookup file source escape shm"),
    ("lists", ""),
    (
        "lists::running",
        "lists::reading lists::lookup trusted file counters journal hash clock escape shm",
    ),
    ("lists::reading", "lists::lookup trusted source escape"),
    ("lists::lookup", "hash source escape shm"),
    ("file", ""),
    ("agent", "escape shm"),
    ("sqli", ""),
    ("trusted", "source escape"),
    ("hash", "source"),
    ("source", "escape"),
    ("message", ""),
    ("counters", "shm"),
    ("journal", "escape shm"),
    ("clock", "shm"),
    ("escape", ""),
    ("shm", ""),
];

/// The rooms within a room. What it shows of them to others is in the room's own file.
const INNER: [(&str, [&str; 3]); 1] = [("lists", ["lookup", "reading", "running"])];

/// The room that a file belongs to, `auth` or `lists::lookup`.
pub fn room(file: &File) -> Option<String> {
    let outer = file.room()?;
    let inside = file.path.strip_prefix(&format!("src/{outer}/"));
    let inner = inside.and_then(|path| path.split(['/', '.']).next());
    Some(match inner.filter(|inner| is_inner(outer, inner)) {
        Some(inner) => format!("{outer}::{inner}"),
        None => outer.to_string(),
    })
}

fn is_inner(outer: &str, name: &str) -> bool {
    INNER
        .iter()
        .any(|(room, inner)| *room == outer && inner.contains(&name))
}

/// The rooms that a file uses. `shared_struct!` is at home in shm.
pub fn uses(file: &File) -> BTreeSet<String> {
    let own = room(file);
    let mut used = BTreeSet::new();
    for at in 0..file.product.len() {
        let Some(after) = path_to_root(&file.product, at, file.depth()) else {
            continue;
        };
        for name in names_at(&file.product, after) {
            let name = if name == "shared_struct" { "shm" } else { name };
            used.extend(rooms_at(&file.product, after, name));
        }
    }
    used.retain(|used| Some(used) != own.as_ref());
    used
}

/// The room of this name, or those within it that the path goes on to.
fn rooms_at(words: &[String], at: usize, name: &str) -> Vec<String> {
    let goes_on = words
        .get(at..at + 3)
        .is_some_and(|next| next == [name, ":", ":"]);
    if !goes_on || INNER.iter().all(|(room, _)| *room != name) {
        return vec![name.to_string()];
    }
    let next = names_at(words, at + 3).into_iter();
    next.map(|next| match is_inner(name, next) {
        true => format!("{name}::{next}"),
        false => name.to_string(),
    })
    .collect()
}

/// A room within a room names the others from the root on, so that the arrow is seen.
pub fn inner_rooms_are_named_from_the_root(file: &File) -> Vec<String> {
    let is_inner_room = room(file).is_some_and(|room| room.contains("::"));
    let leads_out = |at: usize| path_to_root(&file.product, at, file.depth() - 1).is_some();
    let is_super = |at: &usize| file.product[*at] == "super";
    let found = (0..file.product.len()).filter(is_super).any(leads_out);
    let complaint = "leads out of the room by super::";
    (is_inner_room && found)
        .then(|| complaint.into())
        .into_iter()
        .collect()
}

/// The place after `crate::`, or after as many `super::` as lead there.
fn path_to_root(words: &[String], at: usize, depth: usize) -> Option<usize> {
    let is_path = |at: usize| words.get(at..at + 2).is_some_and(|next| next == [":", ":"]);
    if words[at] == "crate" && is_path(at + 1) {
        return Some(at + 3);
    }
    let begins = words[at] == "super" && (at < 3 || words[at - 3] != "super");
    let mut place = at;
    let mut supers = 0;
    while begins && words.get(place).is_some_and(|word| word == "super") && is_path(place + 1) {
        supers += 1;
        place += 3;
    }
    (supers >= depth && supers > 0).then_some(place)
}

/// The name there, or all first names of a `{…}`.
fn names_at(words: &[String], at: usize) -> Vec<&str> {
    if words[at] != "{" {
        return vec![&words[at]];
    }
    let mut depth = 0;
    let mut names = vec![];
    for pair in words[at..].windows(2) {
        match pair[0].as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if depth == 1 && (pair[0] == "{" || pair[0] == ",") && pair[1] != "}" {
            names.push(pair[1].as_str());
        }
    }
    names
}

/// What `ROOMS` does not allow in this file.
pub fn a_room_uses_only_the_rooms_below_it(file: &File) -> Vec<String> {
    let Some(room) = room(file) else {
        return vec![];
    };
    let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
        return vec![format!(
            "{room}: a room that tests/tidy/arrows.rs does not know"
        )];
    };
    let forbidden = uses(file)
        .into_iter()
        .filter(|used| !allowed.split(' ').any(|name| name == used));
    forbidden
        .map(|used| format!("{room} → {used}: no such arrow"))
        .collect()
}
