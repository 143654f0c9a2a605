//! What is SQL without any quote: statements, functions, and tables that only an attacker asks for.

use std::ops::Range;

use super::is_blank;

/// What a word can do, or-ed.
type Roles = u32;

/// Goes on with a condition: `or 1=1`.
const JOIN: Roles = 1;
const SELECT: Roles = 2;
/// Behind a `select` and its columns.
const FROM: Roles = 4;
/// A statement, behind a semicolon, which by itself begins a parameter.
const VERB: Roles = 8;
/// Before a bracket: functions of time, of errors that tell, and of text put together from numbers.
const FUNCTION: Roles = 16;
const TABLE: Roles = 32;

/// Words that follow each other with nothing but blanks, stars and brackets between them: the bit of
/// each pair is the same in both halves of the higher bits.
#[derive(Clone, Copy)]
enum Pair {
    UnionSelect,
    InsertInto,
    DeleteFrom,
    DropTable,
    ChangeTable,
    WaitforDelay,
    IntoOutfile,
    ExecProcedure,
}

const FIRST: Roles = 0xfff << 8;
const SECONDS_ABOVE_FIRSTS: u32 = 12;

const fn first(pair: Pair) -> Roles {
    1 << (8 + pair as u32)
}

const fn second(pair: Pair) -> Roles {
    first(pair) << SECONDS_ABOVE_FIRSTS
}

/// Every word that matters, the short ones first.
const WORDS: [(&[u8], Roles); 51] = {
    use Pair::*;
    [
        (b"or", JOIN),
        (b"if", FUNCTION),
        (b"and", JOIN),
        (b"xor", JOIN),
        (b"all", second(UnionSelect)),
        (b"chr", FUNCTION),
        (b"mid", FUNCTION),
        (b"ord", FUNCTION),
        (b"from", FROM | second(DeleteFrom)),
        (b"into", first(IntoOutfile) | second(InsertInto)),
        (b"drop", VERB | first(DropTable)),
        (b"exec", VERB | first(ExecProcedure)),
        (b"char", FUNCTION),
        (b"where", JOIN),
        (b"union", first(UnionSelect)),
        (b"table", second(DropTable) | second(ChangeTable)),
        (b"alter", VERB | first(ChangeTable)),
        (b"delay", second(WaitforDelay)),
        (b"sleep", FUNCTION),
        (b"ascii", FUNCTION),
        (b"having", JOIN),
        (b"select", SELECT | VERB | second(UnionSelect)),
        (b"insert", VERB | first(InsertInto)),
        (b"update", VERB),
        (b"delete", VERB | first(DeleteFrom)),
        (b"schema", second(DropTable)),
        (b"master", second(ExecProcedure)),
        (b"concat", FUNCTION),
        (b"substr", FUNCTION),
        (b"length", FUNCTION),
        (b"declare", VERB),
        (b"waitfor", VERB | first(WaitforDelay)),
        (b"outfile", second(IntoOutfile)),
        (b"distinct", second(UnionSelect)),
        (b"database", second(DropTable)),
        (b"truncate", VERB | first(ChangeTable)),
        (b"dumpfile", second(IntoOutfile)),
        (b"pg_sleep", FUNCTION),
        (b"benchmark", FUNCTION),
        (b"updatexml", FUNCTION),
        (b"load_file", FUNCTION),
        (b"concat_ws", FUNCTION),
        (b"substring", FUNCTION),
        (b"randomblob", FUNCTION),
        (b"pg_catalog", TABLE),
        (b"xp_cmdshell", TABLE | second(ExecProcedure)),
        (b"sp_configure", second(ExecProcedure)),
        (b"extractvalue", FUNCTION),
        (b"group_concat", FUNCTION),
        (b"sqlite_master", TABLE),
        (b"information_schema", TABLE),
    ]
};

/// Of the words with each first letter, the bit of each length.
const LENGTHS: [u32; 256] = {
    let mut lengths = [0; 256];
    let mut at = 0;
    while at < WORDS.len() {
        let word = WORDS[at].0;
        lengths[word[0] as usize] |= 1 << word.len();
        at += 1;
    }
    lengths
};

fn roles(word: &[u8]) -> Roles {
    let lengths = word.first().map_or(0, |&first| LENGTHS[usize::from(first)]);
    // Most words are none of these, and are done with here.
    if word.len() >= 32 || lengths & (1 << word.len()) == 0 {
        return 0;
    }
    let known = WORDS.iter().find(|(known, _)| *known == word);
    known.map_or(0, |&(_, roles)| roles)
}

const OF_WORD: [bool; 256] = {
    let mut of_word = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        of_word[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'_';
        byte += 1;
    }
    of_word
};

pub(super) const fn is_of_word(byte: u8) -> bool {
    OF_WORD[byte as usize]
}

/// Where the words of a text are.
pub(super) fn words(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let begin = at + text[at..].iter().position(|&byte| is_of_word(byte))?;
        let length = text[begin..].iter().position(|&byte| !is_of_word(byte));
        at = length.map_or(text.len(), |length| begin + length);
        Some(begin..at)
    })
}

/// Is there one?
pub(super) fn any(text: &[u8]) -> bool {
    let mut end = 0;
    let mut before: Roles = 0;
    let mut is_selecting = false;
    for place in words(text) {
        let gap = &text[std::mem::replace(&mut end, place.end)..place.start];
        let role = roles(&text[place.clone()]);
        let previous = std::mem::replace(&mut before, role);
        is_selecting = role & SELECT != 0 || (is_selecting && is_of_columns(gap));
        if role | previous == 0 {
            continue;
        }
        let after = text.get(place.end).copied();
        let is_pair = (previous & FIRST) << SECONDS_ABOVE_FIRSTS & role != 0;
        let found = role & TABLE != 0
            || (role & FROM != 0 && is_selecting)
            || (role & VERB != 0 && follows_semicolon(gap) && after.is_some_and(is_blank))
            || (role & FUNCTION != 0 && after == Some(b'('))
            || (is_pair && is_next(gap))
            || (previous & JOIN != 0 && is_next(gap) && compares_numbers(&text[place.start..]));
        if found {
            return true;
        }
    }
    false
}

/// Does nothing that matters stand between two words?
fn is_next(gap: &[u8]) -> bool {
    let mut bytes = gap.iter();
    bytes.all(|&byte| is_blank(byte) || b"*()".contains(&byte))
}

/// Is this between the words of a list of columns?
fn is_of_columns(gap: &[u8]) -> bool {
    let mut bytes = gap.iter();
    bytes.all(|&byte| is_blank(byte) || b"*(),".contains(&byte))
}

fn follows_semicolon(gap: &[u8]) -> bool {
    let last = gap.iter().rev().find(|&&byte| !is_blank(byte));
    last == Some(&b';')
}

/// `1=1`, behind a word that joins conditions.
fn compares_numbers(text: &[u8]) -> bool {
    let number = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if number(text) == 0 {
        return false;
    }
    let rest = super::after_any(&text[number(text)..], is_blank);
    let compared = super::after_any(rest, |byte| b"=<>!".contains(&byte));
    compared.len() < rest.len() && number(super::after_any(compared, is_blank)) > 0
}
