//! What Palisade is known not to do yet. Whoever mends it sets it here, and `make interop` holds it from then on: what
//! is found although it says here that it is not, fails as well.

use super::asterisk::Setting;

/// Is a challenge counted that nobody answers? Until then, scans without a password are not found.
pub const UNANSWERED_CHALLENGES_COUNT: bool = false;

/// Does who sends ten requests at once, with the right password, get ten answers of Asterisk? Until then, no more are
/// let through than the limit of wrong passwords, where Kamailio does not know the phone yet.
pub const BURSTS_PASS: bool = false;

/// Attacks that are not found: the setting, the kind, and the methods.
const GAPS: &[(Setting, &str, &[&str])] = &[
    // 403 to another request than REGISTER counts for no user, who may be there or not.
    (
        Setting::Telling,
        "users, ",
        &["INVITE", "SUBSCRIBE", "MESSAGE"],
    ),
    // 404 to a SUBSCRIBE counts for no number.
    (Setting::Plain, "numbers that do not exist", &["SUBSCRIBE"]),
];

pub fn is_gap(setting: Setting, kind: &str, method: &str) -> bool {
    GAPS.iter().any(|(at, part, methods)| {
        *at == setting && kind.starts_with(part) && methods.contains(&method)
    })
}

/// Asterisk 16's chan_pjsip follows the Path only where the Contact's user is the name of the AOR; that of baresip is
/// not, and it is called at its Contact, past Kamailio. Asterisk 22 follows it.
pub fn is_called_past_kamailio(asterisk: &str, phones: &str) -> bool {
    (asterisk, phones) == ("16 chan_pjsip", "two baresips")
}
