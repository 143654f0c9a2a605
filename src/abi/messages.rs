//! The checks of a message itself, each by its own name: they look even for what the policy turns
//! `off`, and block for it then.

use super::boundary::Answer;
use super::checks::{code, judge, judge_text};
use super::{palisade_request_t, palisade_text_t};

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
    // SAFETY: the contract above.
    unsafe {
        judge_text(
            "palisade_check_sqli",
            Answer::CHECK,
            request,
            text,
            |firewall, request, text| {
                let (address, message) = (request.address, &request.message);
                code(match text {
                    Some(text) => firewall.ask_sqli(address, message, text),
                    None => firewall.ask_sqli_of(address, message),
                })
            },
        )
    }
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
    // SAFETY: the contract above.
    unsafe {
        judge(
            "palisade_check_contact",
            Answer::CHECK,
            request,
            |firewall, request| code(firewall.ask_contact(request.address, &request.message)),
        )
    }
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
    // SAFETY: the contract above.
    unsafe {
        judge(
            "palisade_check_route",
            Answer::CHECK,
            request,
            |firewall, request| code(firewall.ask_route(request.address, &request.message)),
        )
    }
}
