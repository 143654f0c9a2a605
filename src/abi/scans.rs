//! What the script tells of replies, and what it signals.

use crate::policy::{Answer, tells_anything};
use crate::scan::{HEAVIEST, Signal};

use super::boundary::{self, with_firewall};
use super::checks::{code, judge_text, refuse};
use super::{Request, palisade_address_t, palisade_request_t, palisade_text_t};

/// Does a reply with this status to a request of this method say anything of who sent it? If not,
/// there is no need to look for the request, and to call `palisade_reply`.
///
/// Returns 1 it may, -1 it does not.
///
/// # Safety
///
/// `method` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_reply_matters(method: palisade_text_t, status: i32) -> i32 {
    with_firewall(
        "palisade_reply_matters",
        boundary::Answer::ERROR,
        |_firewall| {
            // SAFETY: the contract above.
            let method = unsafe { method.bytes() }.unwrap_or_default();
            if tells_anything(method, status) {
                1
            } else {
                -1
            }
        },
    )
}

/// Takes a reply: of users and destinations that fail, a scan is made; a user who fails with
/// credentials is counted as by `palisade_auth_result`, and cleared by success.
///
/// `request` is what was answered, and where it came from. `challenge` is the body of
/// WWW-Authenticate or Proxy-Authenticate of the reply, left out if it has none. `unmatched_from`
/// is NULL when a transaction of the host's vouches for the reply; else it says where the reply came
/// from: then it counts only if that is trusted, and `request` may carry the reply in place of the
/// request.
///
/// Returns 1, -1 blocked already, -2 newly blocked by this reply.
///
/// # Safety
///
/// `request` is NULL or valid for this call; `challenge` is readable; `unmatched_from` is NULL or
/// readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_reply(
    request: *const palisade_request_t,
    status: i32,
    challenge: palisade_text_t,
    unmatched_from: *const palisade_address_t,
) -> i32 {
    with_firewall("palisade_reply", boundary::Answer::CHECK, |firewall| {
        // SAFETY: the contract above.
        let Some(request) = (unsafe { Request::read(request) }) else {
            return 1;
        };
        // SAFETY: the contract above.
        let challenge = unsafe { challenge.bytes() }.unwrap_or_default();
        // SAFETY: the contract above.
        let replier = unsafe { unmatched_from.as_ref() };
        let answer = Answer {
            code: status,
            challenge,
            is_matched: replier.is_none(),
            replier: replier.and_then(palisade_address_t::read),
        };
        code(firewall.take_reply(request.address, &request.message, answer))
    })
}

/// Signals that something is wrong with a message: adds `weight`, 1 to 100, to the signals of its
/// source. `reason` is 1 to 32 of a-z, 0-9, `_` and `-`. Where either is not so, nothing is counted,
/// and the log says why.
///
/// Returns 1, -1 over the limit already, -2 when this signal reached it.
///
/// # Safety
///
/// `request` is NULL or valid for this call; `reason` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_signal(
    request: *const palisade_request_t,
    reason: palisade_text_t,
    weight: i64,
) -> i32 {
    // SAFETY: the contract above.
    unsafe {
        judge_text(
            "palisade_signal",
            boundary::Answer::CHECK,
            request,
            reason,
            |firewall, request, reason| {
                let refused = |sentence: &str| {
                    refuse(sentence);
                    1 // The script's mistake is nobody's to be blocked for.
                };
                let signal = match Signal::parse(reason.unwrap_or_default()) {
                    Ok(signal) => signal,
                    Err(sentence) => return refused(&sentence),
                };
                match u64::try_from(weight) {
                    Ok(weight @ 1..=HEAVIEST) => {
                        code(firewall.signal(request.address, &signal, weight, &request.message))
                    }
                    _ => refused(&format!(
                        "weight={weight}: must be between 1 and {HEAVIEST}"
                    )),
                }
            },
        )
    }
}
