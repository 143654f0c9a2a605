//! The checks of a message itself, each by its own name: they look even for what the policy turns
//! `off`, and block for it then.

use crate::policy::Firewall;

use super::boundary::Answer;
use super::checks::{code, judge, judge_text};
use super::{Request, palisade_request_t, palisade_text_t};

/// Is there SQL in the user parts of the R-URI, From, To and Contact, or in the user of the
/// credentials; or in this text?
///
/// Returns 1 clean, -2 found.
///
/// # Safety
///
/// `request` is NULL or valid for this call; `text` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_check_sqli(
    request: *const palisade_request_t,
    text: palisade_text_t,
) -> i32 {
    let name = "palisade_check_sqli";
    let body = |firewall: &Firewall, request: &Request<'_>, text: Option<&[u8]>| {
        let (address, message) = (request.address, &request.message);
        code(match text {
            Some(text) => firewall.ask_sqli(address, message, text),
            None => firewall.ask_sqli_of(address, message),
        })
    };
    // SAFETY: the contract above.
    unsafe { judge_text(name, Answer::CHECK, request, text, body) }
}

/// Has a contact of the message an IP address where a name could stand?
///
/// Returns 1 clean, -2 found.
///
/// # Safety
///
/// `request` is NULL or valid for this call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_check_contact(request: *const palisade_request_t) -> i32 {
    let name = "palisade_check_contact";
    let body = |firewall: &Firewall, request: &Request<'_>| {
        code(firewall.ask_contact(request.address, &request.message))
    };
    // SAFETY: the contract above.
    unsafe { judge(name, Answer::CHECK, request, body) }
}

/// Does the topmost Record-Route name another address than the message came from?
///
/// Returns 1 clean, -2 found.
///
/// # Safety
///
/// `request` is NULL or valid for this call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_check_route(request: *const palisade_request_t) -> i32 {
    let name = "palisade_check_route";
    let body = |firewall: &Firewall, request: &Request<'_>| {
        code(firewall.ask_route(request.address, &request.message))
    };
    // SAFETY: the contract above.
    unsafe { judge(name, Answer::CHECK, request, body) }
}
