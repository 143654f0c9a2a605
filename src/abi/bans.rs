//! Bans, by the routing script.

use crate::ban::{BanReason, Origin};
use crate::policy::{Firewall, NotBanned};
use crate::report::LONGEST_BAN_S;

use super::boundary::{Answer, exported};
use super::checks::{refuse, with_key, yes_or_no};
use super::{palisade_message_t, palisade_text_t};

/// Bans an address for as long as a flood (`rate_ban_time`), reason `manual`.
///
/// Returns 1, -1 when the key is none or there is no place, -3 when it is trusted, or
/// the server's own.
///
/// # Safety
///
/// `key` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_ban(key: palisade_text_t) -> i32 {
    exported!(palisade_ban, ERROR, (key), |firewall| {
        ban(firewall, key, firewall.default_ban_s(), None)
    })
}

/// Bans an address for `seconds`, 0 until lifted, reason `manual`.
///
/// Returns what `palisade_ban` does, and -1 for seconds that are not between 0 and ten years.
///
/// # Safety
///
/// `key` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_ban_for(key: palisade_text_t, seconds: i64) -> i32 {
    exported!(palisade_ban_for, ERROR, (key), |firewall| ban(
        firewall, key, seconds, None
    ))
}

/// Bans an address for `seconds`, 0 until lifted, for a reason of 1 to 64 bytes.
///
/// Returns what `palisade_ban_for` does.
///
/// # Safety
///
/// `key` and `reason` are readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_ban_reason(
    key: palisade_text_t,
    seconds: i64,
    reason: palisade_text_t,
) -> i32 {
    exported!(palisade_ban_reason, ERROR, (key, reason), |firewall| {
        ban(firewall, key, seconds, reason)
    })
}

fn ban(firewall: &Firewall, key: Option<&[u8]>, seconds: i64, reason: Option<&[u8]>) -> i32 {
    with_key(firewall, key, |address| {
        if !(0..=LONGEST_BAN_S).contains(&seconds) {
            return refuse(&format!(
                "seconds={seconds}: must be between 0 and {LONGEST_BAN_S}"
            ));
        }
        let reason = match reason.map(BanReason::parse).transpose() {
            Ok(reason) => reason.unwrap_or(BanReason::MANUAL),
            Err(sentence) => return refuse(&sentence),
        };
        match firewall.ban(address, seconds.unsigned_abs(), reason, Origin::Script) {
            Ok(()) => 1,
            Err(NotBanned::Full) => -1,
            Err(NotBanned::Trusted | NotBanned::Own) => -3,
        }
    })
}

/// Lifts a ban.
///
/// Returns 1 lifted, -1 was not banned, or the key is none.
///
/// # Safety
///
/// `key` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_unban(key: palisade_text_t) -> i32 {
    exported!(palisade_unban, ERROR, (key), |firewall| {
        with_key(firewall, key, |address| {
            yes_or_no(firewall.unban(address, Origin::Script))
        })
    })
}

/// Is the source banned?
///
/// Returns 1 banned, -1 not.
///
/// # Safety
///
/// `message` is NULL or valid for this call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_is_banned(message: *const palisade_message_t) -> i32 {
    exported!(palisade_is_banned, QUESTION, message, (), |it| {
        yes_or_no(it.holds_ban())
    })
}

/// Is this address banned?
///
/// Returns 1 banned, -1 not, or the key is none.
///
/// # Safety
///
/// `key` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_is_banned_key(key: palisade_text_t) -> i32 {
    exported!(palisade_is_banned_key, QUESTION, (key), |firewall| {
        with_key(firewall, key, |address| {
            yes_or_no(firewall.is_banned(address))
        })
    })
}
