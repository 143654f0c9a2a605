//! What the script tells of replies, and what it signals.

use crate::host::HostMessage;
use crate::message::Method;
use crate::policy::{self, Inspection, tells_anything};
use crate::scan::{HEAVIEST, Signal};

use super::boundary::{Answer, exported, guard};
use super::checks::{code, refuse, yes_or_no};
use super::{palisade_address_t, palisade_message_t, palisade_text_t};

/// Does a reply with this status to a request of this method (`enum palisade_host_method`) say
/// anything of who sent it? If not, there is no need to look for the request, and to call
/// `palisade_reply`.
///
/// Returns 1 it may, -1 it does not.
#[unsafe(no_mangle)]
pub extern "C" fn palisade_reply_matters(method: i32, status: i32) -> i32 {
    guard("palisade_reply_matters", Answer::ERROR, || {
        yes_or_no(tells_anything(Method::from_number(method), status))
    })
}

/// Takes a reply: of users and destinations that fail, a scan is made; a user who fails with
/// credentials is counted as by `palisade_auth_result`, and cleared by a registration.
///
/// `request` is what was answered, and where it came from. `challenge` is the body of
/// WWW-Authenticate or Proxy-Authenticate of the reply, left out if it has none; of several, all,
/// parted by commas. `unmatched_from`
/// is NULL when a transaction of the host's vouches for the reply; else it says where the reply came
/// from: then it counts only with `stateless_replies`, if that is trusted, and `request` may carry the
/// reply in place of the request.
///
/// Returns 1, -1 blocked already, -2 newly blocked by this reply.
///
/// # Safety
///
/// `request` is NULL or valid for this call; `challenge` is readable; `unmatched_from` is NULL or
/// readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_reply(
    request: *const palisade_message_t,
    status: i32,
    challenge: palisade_text_t,
    unmatched_from: *const palisade_address_t,
) -> i32 {
    exported!(palisade_reply, CHECK, request, (challenge), |it| {
        // SAFETY: the contract above.
        let replier = unsafe { unmatched_from.as_ref() };
        code(it.take_reply(policy::Answer {
            code: status,
            challenge: challenge.unwrap_or_default(),
            is_matched: replier.is_none(),
            replier: replier.and_then(palisade_address_t::read),
        }))
    })
}

/// A challenge goes out: a reply 401 or 407 to this request, and where it is sent to. What answers it from
/// there has proven that it is there; many that nobody answers are a scan. A host that does not tell this
/// has only strangers on UDP.
///
/// `from`: NULL when it is the host's own, or the registrar's; else where the request was sent to that it
/// answers: it counts only of a trusted one, since whoever made the nonce knows it, too.
///
/// Returns 1, -1 blocked already, -2 newly blocked: the request, or what comes after it.
///
/// # Safety
///
/// `request` is NULL or valid for this call; `to` and `from` are NULL or readable; `reply` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_challenge_sent(
    request: *const palisade_message_t,
    to: *const palisade_address_t,
    from: *const palisade_address_t,
    reply: palisade_text_t,
) -> i32 {
    exported!(palisade_challenge_sent, CHECK, request, (reply), |it| {
        let firewall = it.firewall;
        // SAFETY: the contract above.
        let to = unsafe { to.as_ref() };
        // SAFETY: the contract above.
        let from = unsafe { from.as_ref() };
        let is_own = from.is_none();
        let [to, from] = [to, from].map(|it| it.and_then(palisade_address_t::read));
        let is_believed = is_own || from.is_some_and(|server| firewall.is_trusted(server));
        if let (Some(address), Some(reply), true) = (to, reply, is_believed) {
            firewall.hand_challenge(address, reply);
        }
        code(it.take_challenge())
    })
}

/// Takes a reply that matches no transaction of the host's, and where it came from.
///
/// Returns 1, -1 when its source is banned; with `stateless_replies` 0: it may be handed to
/// `palisade_reply`.
///
/// # Safety
///
/// `reply` is NULL or valid for this call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_unmatched_reply(reply: *const palisade_message_t) -> i32 {
    exported!(palisade_unmatched_reply, CHECK, reply, (), |it| {
        match it.firewall.settings.stateless_replies() {
            1 => 0,
            _ => code(it.take_unmatched_reply()),
        }
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
/// `message` is NULL or valid for this call; `reason` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_signal(
    message: *const palisade_message_t,
    reason: palisade_text_t,
    weight: i64,
) -> i32 {
    exported!(palisade_signal, CHECK, message, (reason), |it| {
        signal(it, reason, weight)
    })
}

/// `palisade_signal` with the weight 1.
///
/// # Safety
///
/// `message` is NULL or valid for this call; `reason` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_signal_once(
    message: *const palisade_message_t,
    reason: palisade_text_t,
) -> i32 {
    exported!(palisade_signal_once, CHECK, message, (reason), |it| {
        signal(it, reason, 1)
    })
}

fn signal(it: &Inspection<'_, HostMessage<'_>>, reason: Option<&[u8]>, weight: i64) -> i32 {
    match read_signal(reason.unwrap_or_default(), weight) {
        Ok((signal, weight)) => code(it.signal(&signal, weight)),
        Err(sentence) => {
            refuse(&sentence);
            1 // The script's mistake is nobody's to be blocked for.
        }
    }
}

fn read_signal(reason: &[u8], weight: i64) -> Result<(Signal, u64), String> {
    let signal = Signal::parse(reason)?;
    match u64::try_from(weight) {
        Ok(weight @ 1..=HEAVIEST) => Ok((signal, weight)),
        _ => Err(format!("weight={weight}: must be between 1 and {HEAVIEST}")),
    }
}
