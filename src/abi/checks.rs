//! The checks, as the routing script calls them. No function here answers 0, which would end the
//! script.

use crate::ban::{Origin, Reason};
use crate::host;
use crate::journal::{self, write_line};
use crate::policy::{AuthResult, Firewall, NotBanned, Verdict};
use crate::report::LONGEST_BAN_S;
use crate::source::Address;

use super::boundary::{Answer, with_firewall};
use super::{Request, palisade_address_t, palisade_request_t, palisade_text_t};

/// The script's codes.
pub(super) const fn code(verdict: Verdict) -> i32 {
    match verdict {
        Verdict::Pass => 1,
        Verdict::Blocked => -1,
        Verdict::NewlyBlocked => -2,
    }
}

const fn yes_or_no(yes: bool) -> i32 {
    if yes { 1 } else { -1 }
}

/// Runs `body` on a request that came from somewhere; one that did not passes.
///
/// # Safety
///
/// `request` is NULL or valid for this call.
pub(super) unsafe fn judge(
    name: &str,
    answer: Answer,
    request: *const palisade_request_t,
    body: impl FnOnce(&'static Firewall, &Request<'_>) -> i32,
) -> i32 {
    let left_out = palisade_text_t {
        data: core::ptr::null(),
        len: 0,
    };
    let body = |firewall, request: &Request<'_>, _: Option<&[u8]>| body(firewall, request);
    // SAFETY: the contract above; a text that is left out is readable.
    unsafe { judge_text(name, answer, request, left_out, body) }
}

/// [`judge`], with a text that the caller may have left out.
///
/// # Safety
///
/// `request` is NULL or valid for this call; `text` is readable.
pub(super) unsafe fn judge_text(
    name: &str,
    answer: Answer,
    request: *const palisade_request_t,
    text: palisade_text_t,
    body: impl FnOnce(&'static Firewall, &Request<'_>, Option<&[u8]>) -> i32,
) -> i32 {
    with_firewall(name, answer, |firewall| {
        // SAFETY: the contract above.
        let request = unsafe { Request::read(request) };
        // SAFETY: the contract above.
        let text = unsafe { text.bytes() };
        request.map_or(answer.pass, |request| body(firewall, &request, text))
    })
}

/// All checks that are on, cheapest first: trusted, ban, rate, agent.
///
/// Returns 1 pass, -1 blocked already, -2 newly blocked by this message.
///
/// # Safety
///
/// `request` is NULL or valid for this call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_check(request: *const palisade_request_t) -> i32 {
    // SAFETY: the contract above.
    unsafe {
        judge(
            "palisade_check",
            Answer::CHECK,
            request,
            |firewall, request| code(firewall.check(request.address, &request.message)),
        )
    }
}

/// The edge: a datagram from `source`, before it is parsed.
///
/// Returns 1 pass, -1 to be dropped.
///
/// # Safety
///
/// `source` is NULL or readable; `datagram` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_edge(
    source: *const palisade_address_t,
    datagram: palisade_text_t,
) -> i32 {
    with_firewall("palisade_edge", Answer::CHECK, |firewall| {
        // SAFETY: the contract above.
        let source = unsafe { source.as_ref() };
        let Some(address) = source.and_then(palisade_address_t::read) else {
            return 1;
        };
        // SAFETY: the contract above.
        let datagram = unsafe { datagram.bytes() }.unwrap_or_default();
        match firewall.check_datagram(address, datagram) {
            Verdict::Pass => 1,
            Verdict::Blocked | Verdict::NewlyBlocked => -1,
        }
    })
}

/// The rate check alone: `pike_check_req()`.
///
/// Returns 1 under the limit, -1 over it already, -2 since this message.
///
/// # Safety
///
/// `request` is NULL or valid for this call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_rate_check(request: *const palisade_request_t) -> i32 {
    // SAFETY: the contract above.
    unsafe {
        judge(
            "palisade_rate_check",
            Answer::CHECK,
            request,
            |firewall, request| code(firewall.check_rate_of(request.address, &request.message)),
        )
    }
}

/// The rate check of an address given as text: `pike_check_ip(ip)`.
///
/// Returns what `palisade_rate_check` does, and -1 for a text that is no address.
///
/// # Safety
///
/// `ip` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_rate_check_ip(ip: palisade_text_t) -> i32 {
    with_firewall("palisade_rate_check_ip", Answer::CHECK, |firewall| {
        // SAFETY: the contract above.
        let text = unsafe { ip.bytes() };
        with_key(firewall, text, |address| code(firewall.check_rate(address)))
    })
}

/// Reads a key; one that is none is told, and answered with -1.
pub(super) fn with_key(
    firewall: &Firewall,
    text: Option<&[u8]>,
    body: impl FnOnce(Address) -> i32,
) -> i32 {
    match firewall.prefixes().parse(text.unwrap_or_default()) {
        Ok((address, _)) => body(address),
        Err(sentence) => refuse(&sentence),
    }
}

pub(super) fn refuse(sentence: &str) -> i32 {
    write_line(host::log, journal::ERROR, format_args!("{sentence}"));
    -1
}

/// Bans an address for as long as a flood (`rate_ban_time`), reason `manual`.
///
/// Returns 1, -1 when the key is none or there is no place, -3 when it is trusted.
///
/// # Safety
///
/// `key` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_ban(key: palisade_text_t) -> i32 {
    with_firewall("palisade_ban", Answer::ERROR, |firewall| {
        // SAFETY: the contract above.
        let key = unsafe { key.bytes() };
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
    with_firewall("palisade_ban_for", Answer::ERROR, |firewall| {
        // SAFETY: the contract above.
        let key = unsafe { key.bytes() };
        ban(firewall, key, seconds, None)
    })
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
    with_firewall("palisade_ban_reason", Answer::ERROR, |firewall| {
        // SAFETY: the contract above.
        let key = unsafe { key.bytes() };
        // SAFETY: the contract above.
        let reason = unsafe { reason.bytes() };
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
        let reason = match reason.map(Reason::parse).transpose() {
            Ok(reason) => reason.unwrap_or(Reason::MANUAL),
            Err(sentence) => return refuse(&sentence),
        };
        match firewall.ban(address, seconds.unsigned_abs(), reason, Origin::Script) {
            Ok(()) => 1,
            Err(NotBanned::Full) => -1,
            Err(NotBanned::Trusted) => -3,
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
    with_firewall("palisade_unban", Answer::ERROR, |firewall| {
        // SAFETY: the contract above.
        let key = unsafe { key.bytes() };
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
/// `request` is NULL or valid for this call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_is_banned(request: *const palisade_request_t) -> i32 {
    // SAFETY: the contract above.
    unsafe {
        judge(
            "palisade_is_banned",
            Answer::QUESTION,
            request,
            |firewall, request| yes_or_no(firewall.is_banned(request.address)),
        )
    }
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
    with_firewall("palisade_is_banned_key", Answer::QUESTION, |firewall| {
        // SAFETY: the contract above.
        let key = unsafe { key.bytes() };
        with_key(firewall, key, |address| {
            yes_or_no(firewall.is_banned(address))
        })
    })
}

/// Takes what `auth_check()`, `www_authorize()`, `pv_www_authenticate()` … returned, and counts or
/// clears. `user` left out: the credentials of the message, else its From URI.
///
/// Returns 1, -1 blocked already, -2 newly blocked by this message.
///
/// # Safety
///
/// `request` is NULL or valid for this call; `user` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_auth_result(
    request: *const palisade_request_t,
    code: i32,
    user: palisade_text_t,
) -> i32 {
    // SAFETY: the contract above.
    unsafe {
        judge_text(
            "palisade_auth_result",
            Answer::CHECK,
            request,
            user,
            |firewall, request, user| {
                let result = AuthResult::from(code);
                self::code(firewall.auth_result(result, request.address, user, &request.message))
            },
        )
    }
}

/// Counts one failure.
///
/// Returns 1 below the limit, -1 blocked already, -2 newly blocked.
///
/// # Safety
///
/// `request` is NULL or valid for this call; `user` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_auth_failed(
    request: *const palisade_request_t,
    user: palisade_text_t,
) -> i32 {
    // SAFETY: the contract above.
    unsafe {
        judge_text(
            "palisade_auth_failed",
            Answer::CHECK,
            request,
            user,
            |firewall, request, user| {
                code(firewall.auth_failed(request.address, user, &request.message))
            },
        )
    }
}

/// Clears the count of this user from this source.
///
/// Returns 1.
///
/// # Safety
///
/// `request` is NULL or valid for this call; `user` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_auth_ok(
    request: *const palisade_request_t,
    user: palisade_text_t,
) -> i32 {
    // SAFETY: the contract above.
    unsafe {
        judge_text(
            "palisade_auth_ok",
            Answer::CHECK,
            request,
            user,
            |firewall, request, user| {
                firewall.auth_ok(request.address, user, &request.message);
                1
            },
        )
    }
}

/// Is this user blocked from this source?
///
/// Returns 1 blocked, -1 not.
///
/// # Safety
///
/// `request` is NULL or valid for this call; `user` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_auth_blocked(
    request: *const palisade_request_t,
    user: palisade_text_t,
) -> i32 {
    // SAFETY: the contract above.
    unsafe {
        judge_text(
            "palisade_auth_blocked",
            Answer::QUESTION,
            request,
            user,
            |firewall, request, user| {
                yes_or_no(firewall.auth_blocked(request.address, user, &request.message))
            },
        )
    }
}

/// The User-Agent of the message, or this text, against the filter.
///
/// Returns 1 clean, -2 matches.
///
/// # Safety
///
/// `request` is NULL or valid for this call; `text` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_check_agent(
    request: *const palisade_request_t,
    text: palisade_text_t,
) -> i32 {
    // SAFETY: the contract above.
    unsafe {
        judge_text(
            "palisade_check_agent",
            Answer::CHECK,
            request,
            text,
            |firewall, request, text| {
                let (address, message) = (request.address, &request.message);
                code(match text {
                    Some(text) => firewall.check_agent(address, message, text),
                    None => firewall.check_agent_of(address, message),
                })
            },
        )
    }
}
