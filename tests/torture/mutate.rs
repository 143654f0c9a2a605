//! What is made of a good message, and of one that is torture already.

use super::material::LONGEST;
use super::random::Random;

/// What a header is filled with.
const FILLERS: &[&[u8]] = &[
    b"a",
    b" ",
    b"\t",
    b"\0",
    b"\xff",
    b"\xc3\x28",
    b"\"",
    b"\\",
    b"%",
    b"%n",
    b"%00",
    b",",
    b";",
    b"=",
    b"<",
    b">",
    b":",
    b"@",
    b"(",
    b"1",
    b"-1",
    b"\r\n ",
    b"sip:",
    b"svmap",
    b"aA1",
];

const NAMES: &[&str] = &[
    "User-Agent",
    "From",
    "To",
    "Call-ID",
    "CSeq",
    "Contact",
    "Via",
    "Authorization",
    "Proxy-Authorization",
    "Subject",
    "Content-Length",
    "Max-Forwards",
    "Route",
    "X",
];

const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "4294967296",
    "2147483648",
    "99999999999999999999",
    "1e9",
    "",
];

/// Parts of credentials, right and wrong.
const DIGEST: &[&str] = &[
    "username=\"alice\"",
    "username=alice",
    "username=\"\"",
    "username=\"",
    "username",
    "=",
    "username=\"a\\\"b\"",
    "username=\"\u{e9}\u{0}\"",
    "realm=\"palisade.test\"",
    "realm=\"",
    "realm=\"\\",
    "nonce=\"x\"",
    "uri=\"sip:x\"",
    "uri=\"\"",
    "response=\"0\"",
    "algorithm=MD5",
    "algorithm=SHA-256",
    "algorithm=",
    "qop=\"auth,auth-int\"",
    "qop=",
    "nc=ffffffff",
    "nc=x",
    "opaque=\"\"",
    ",,,",
    "auth-param=1",
];

/// One to four changes to one of these messages.
pub fn mutate(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut message = pick(random, seeds).clone();
    for _ in 0..=random.below(4) {
        change(random, &mut message);
        message.truncate(LONGEST);
    }
    message
}

fn change(random: &mut Random, message: &mut Vec<u8>) {
    match random.below(16) {
        0 | 1 => flip(random, message),
        2 => message.truncate(place(random, message)),
        3 => _ = message.drain(range(random, message)),
        4 => {
            let piece = message[range(random, message)].to_vec();
            insert_anywhere(random, message, &piece);
        }
        5 => duplicate_line(random, message),
        6 => swap_lines(random, message),
        7 => fill(random, message),
        8 | 9 => add_credentials(random, message),
        10 => insert_anywhere(random, message, &[0]),
        11 => {
            let bytes: Vec<u8> = (0..=random.below(8))
                .map(|_| random.next() as u8 | 0x80)
                .collect();
            insert_anywhere(random, message, &bytes);
        }
        12 => lengthen_a_user(random, message),
        13 => replace_a_number(random, message),
        _ => {
            let value = value(random, 200);
            let name = *pick(random, NAMES);
            add_header(random, message, name, &value);
        }
    }
}

fn pick<'a, T>(random: &mut Random, list: &'a [T]) -> &'a T {
    &list[random.below(list.len() as u64) as usize]
}

fn place(random: &mut Random, message: &[u8]) -> usize {
    random.below(message.len() as u64 + 1) as usize
}

/// Short, as a rule.
fn range(random: &mut Random, message: &[u8]) -> std::ops::Range<usize> {
    let (one, other) = (place(random, message), place(random, message));
    let start = one.min(other);
    match random.below(4) {
        0 => start..one.max(other),
        _ => start..(start + random.below(40) as usize).min(message.len()),
    }
}

fn insert(message: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    message.splice(at..at, bytes.iter().copied());
}

fn insert_anywhere(random: &mut Random, message: &mut Vec<u8>, bytes: &[u8]) {
    let at = place(random, message);
    insert(message, at, bytes);
}

/// One to eight bits, or bytes.
fn flip(random: &mut Random, message: &mut [u8]) {
    if message.is_empty() {
        return;
    }
    for _ in 0..=random.below(8) {
        let at = random.below(message.len() as u64) as usize;
        match random.below(2) {
            0 => message[at] ^= 1 << random.below(8),
            _ => message[at] = random.next() as u8,
        }
    }
}

/// Where each line begins.
fn lines(message: &[u8]) -> Vec<usize> {
    let ends = message
        .iter()
        .enumerate()
        .filter(|&(_, &byte)| byte == b'\n');
    std::iter::once(0)
        .chain(ends.map(|(at, _)| at + 1))
        .collect()
}

/// One of them, its end included, but not the first line of the message if there are others.
fn line(random: &mut Random, message: &[u8]) -> std::ops::Range<usize> {
    let lines = lines(message);
    let others = (lines.len() as u64).saturating_sub(1).max(1);
    let chosen = (lines.len() - 1).min(1 + random.below(others) as usize);
    lines[chosen]..lines.get(chosen + 1).copied().unwrap_or(message.len())
}

fn duplicate_line(random: &mut Random, message: &mut Vec<u8>) {
    let line = line(random, message);
    let text = message[line.clone()].to_vec();
    let times = if random.below(8) == 0 {
        random.below(200)
    } else {
        random.below(5)
    };
    insert(message, line.start, &text.repeat(times as usize));
}

fn swap_lines(random: &mut Random, message: &mut Vec<u8>) {
    let line = line(random, message);
    let text: Vec<u8> = message.drain(line).collect();
    let lines = lines(message);
    insert(message, *pick(random, &lines), &text);
}

/// A filler, again and again: seldom very long, so that the server is not busy with these alone.
fn value(random: &mut Random, length: u64) -> Vec<u8> {
    let length = if random.below(50) == 0 {
        40_000
    } else {
        length
    };
    let filler = pick(random, FILLERS);
    filler.repeat(1 + random.below(length) as usize / filler.len())
}

/// Puts something long into a header.
fn fill(random: &mut Random, message: &mut Vec<u8>) {
    let line = line(random, message);
    let colon = message[line.clone()].iter().position(|&byte| byte == b':');
    let at = colon.map_or(line.start, |colon| line.start + colon + 1);
    let value = value(random, 3000);
    insert(message, at, &value);
}

fn add_header(random: &mut Random, message: &mut Vec<u8>, name: &str, value: &[u8]) {
    let at = line(random, message).start;
    insert(
        message,
        at,
        &[name.as_bytes(), b": ", value, b"\r\n"].concat(),
    );
}

/// One to twelve headers of credentials.
fn add_credentials(random: &mut Random, message: &mut Vec<u8>) {
    let most = if random.below(8) == 0 { 12 } else { 3 };
    for _ in 0..=random.below(most) {
        let name = if random.below(3) == 0 {
            "Proxy-Authorization"
        } else {
            "Authorization"
        };
        let scheme = *pick(
            random,
            &["Digest ", "digest ", "Basic ", "Digest", "", "Digest,"],
        );
        let mut value = scheme.as_bytes().to_vec();
        for _ in 0..random.below(9) {
            value.extend(pick(random, DIGEST).as_bytes());
            value.extend(pick(random, &[", ", ",", " ", ";", ",\r\n "]).as_bytes());
        }
        if random.below(10) == 0 {
            let user = self::value(random, 2000);
            value.extend([&b"username=\""[..], &user, b"\""].concat());
        }
        add_header(random, message, name, &value);
    }
}

/// What stands before an `@`.
fn lengthen_a_user(random: &mut Random, message: &mut Vec<u8>) {
    let ats: Vec<usize> = (0..message.len())
        .filter(|&at| message[at] == b'@')
        .collect();
    if !ats.is_empty() {
        let user = value(random, 5000);
        insert(message, *pick(random, &ats), &user);
    }
}

fn replace_a_number(random: &mut Random, message: &mut Vec<u8>) {
    let starts: Vec<usize> = (0..message.len())
        .filter(|&at| message[at].is_ascii_digit())
        .filter(|&at| at == 0 || !message[at - 1].is_ascii_digit())
        .collect();
    if !starts.is_empty() {
        let start = *pick(random, &starts);
        let digits = message[start..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let number = pick(random, NUMBERS).bytes();
        message.splice(start..start + digits, number);
    }
}
