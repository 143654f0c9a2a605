//! Digest authentication (RFC 2617): MD5, without qop and with `auth`.

use super::request::unique;
use md5::{Digest, Md5};

/// The value of an Authorization header that answers this challenge.
pub fn answer(challenge: &str, method: &str, uri: &str, user: &str, password: &str) -> String {
    answer_nth(challenge, (method, uri), (user, password), 1)
}

/// The same for a nonce that is used for the n-th time.
pub fn answer_nth(
    challenge: &str,
    (method, uri): (&str, &str),
    (user, password): (&str, &str),
    count: u32,
) -> String {
    let part = |name: &str| parameter(challenge, name);
    let (realm, nonce) = (
        part("realm").unwrap_or_default(),
        part("nonce").unwrap_or_default(),
    );
    let secret = md5(&format!("{user}:{realm}:{password}"));
    let what = md5(&format!("{method}:{uri}"));
    let mut header = format!(
        r#"Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", algorithm=MD5"#
    );
    let response =
        if part("qop").is_some_and(|offered| offered.split(',').any(|qop| qop.trim() == "auth")) {
            let (count, cnonce) = (format!("{count:08x}"), unique());
            header += &format!(r#", qop=auth, nc={count}, cnonce="{cnonce}""#);
            md5(&format!("{secret}:{nonce}:{count}:{cnonce}:auth:{what}"))
        } else {
            md5(&format!("{secret}:{nonce}:{what}"))
        };
    if let Some(opaque) = part("opaque") {
        header += &format!(r#", opaque="{opaque}""#);
    }
    header + &format!(r#", response="{response}""#)
}

/// Are these credentials those that this password gives, whatever their nonce?
pub fn is_right(credentials: &str, method: &str, password: &str) -> bool {
    let part = |name| parameter(credentials, name).unwrap_or_default();
    let (user, realm, nonce) = (part("username"), part("realm"), part("nonce"));
    let secret = md5(&format!("{user}:{realm}:{password}"));
    let what = md5(&format!("{method}:{}", part("uri")));
    let right = match parameter(credentials, "qop") {
        Some(qop) => {
            let (count, cnonce) = (part("nc"), part("cnonce"));
            md5(&format!("{secret}:{nonce}:{count}:{cnonce}:{qop}:{what}"))
        }
        None => md5(&format!("{secret}:{nonce}:{what}")),
    };
    part("response") == right
}

/// A parameter of a challenge, quoted or not.
pub fn parameter(challenge: &str, name: &str) -> Option<String> {
    let mut rest = challenge.trim_start_matches("Digest ");
    while let Some((key, value)) = rest.split_once('=') {
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value.split_at(value.find(',').unwrap_or(value.len())),
        };
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value.trim().into());
        }
        rest = after.trim_start_matches([',', ' ']);
    }
    None
}

pub fn md5(text: &str) -> String {
    Md5::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
