//! Source text as words: identifiers, keywords, punctuation, brackets, literals; no comments.

use syn::buffer::Cursor;
use syn::parse::{Parse, ParseStream};

struct Words(Vec<String>);

/// The words of a whole file.
pub fn words(text: &str) -> Vec<String> {
    let Words(words) = syn::parse_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
    words
}

impl Parse for Words {
    fn parse(input: ParseStream) -> syn::Result<Words> {
        let mut words = Vec::new();
        input.step(|cursor| Ok(((), collect(*cursor, &mut words))))?;
        Ok(Words(words))
    }
}

fn collect<'a>(mut cursor: Cursor<'a>, words: &mut Vec<String>) -> Cursor<'a> {
    while !cursor.eof() {
        cursor = if let Some((ident, rest)) = cursor.ident() {
            words.push(ident.to_string());
            rest
        } else if let Some((punct, rest)) = cursor.punct() {
            words.push(punct.as_char().to_string());
            rest
        } else if let Some((literal, rest)) = cursor.literal() {
            words.push(literal.to_string());
            rest
        } else if let Some((lifetime, rest)) = cursor.lifetime() {
            words.push(lifetime.to_string());
            rest
        } else if let Some((inside, delimiter, _, rest)) = cursor.any_group() {
            let (open, close) = match format!("{delimiter:?}").as_str() {
                "Parenthesis" => ("(", ")"),
                "Bracket" => ("[", "]"),
                "Brace" => ("{", "}"),
                _ => ("", ""),
            };
            words.push(open.into());
            collect(inside, words);
            words.push(close.into());
            rest
        } else {
            unreachable!("syn knows no other kind of token")
        };
    }
    cursor
}

/// Without the items that `#[cfg(test)]` and its like are for.
pub fn without_tests(words: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let end = end_of_group(words, at + 1);
        let is_attribute = words[at] == "#" && words.get(at + 1).is_some_and(|word| word == "[");
        let conditions = &words[(at + 3).min(end)..end];
        let is_test = is_attribute
            && words[at + 2] == "cfg"
            && conditions.iter().any(|word| word == "test")
            && !conditions.iter().any(|word| word == "any")
            && !holds(conditions, &["not", "(", "test"]);
        if is_test {
            at = end_of_item(words, end);
        } else {
            kept.push(words[at].clone());
            at += 1;
        }
    }
    kept
}

/// Without the constants that are only there to be checked by the compiler.
pub fn without_const_checks(words: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < words.len() {
        if words[at] == "const" && words.get(at + 1).is_some_and(|word| word == "_") {
            at = end_of_item(words, at);
        } else {
            kept.push(words[at].clone());
            at += 1;
        }
    }
    kept
}

/// After the group that opens at `at`; `at` when none does.
fn end_of_group(words: &[String], at: usize) -> usize {
    let mut depth = 0_usize;
    for (index, word) in words.iter().enumerate().skip(at) {
        match word.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return index + 1;
        }
    }
    words.len()
}

/// After the item that begins at `at`: its semicolon or its body, whichever is first.
fn end_of_item(words: &[String], mut at: usize) -> usize {
    let is_constant = words.get(at).is_some_and(|word| word == "const");
    while at < words.len() {
        let word = words[at].as_str();
        at = end_of_group(words, at);
        if word == ";" || (word == "{" && !is_constant) {
            return at;
        }
    }
    at
}

/// Does this sequence occur?
pub fn holds(words: &[String], sequence: &[&str]) -> bool {
    words
        .windows(sequence.len())
        .any(|window| window.iter().eq(sequence.iter()))
}
