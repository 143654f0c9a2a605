//! Lists, as the routing script asks them.

use crate::escape::Escaped;
use crate::journal::ERROR;
use crate::policy::Firewall;

use super::boundary::{Answer, with_firewall};
use super::checks::{code as verdict, judge_text, with_key};
use super::{Request, palisade_request_t, palisade_text_t};

/// Is a message in a list: its source, or the text of it that a list of this kind is about?
///
/// Returns 1 it is, -1 it is not, or there is no such list; then there is a line in the log.
///
/// # Safety
///
/// `request` is NULL or valid for this call; `name` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_in_list(
    request: *const palisade_request_t,
    name: palisade_text_t,
) -> i32 {
    with_firewall("palisade_in_list", Answer::ERROR, |firewall| {
        // SAFETY: the contract above.
        let request = unsafe { Request::read(request) };
        // SAFETY: the contract above.
        let name = unsafe { name.bytes() }.unwrap_or_default();
        let Some(request) = request else {
            return NO;
        };
        let found = firewall.in_list(name, request.address, &request.message);
        code(firewall, name, found)
    })
}

/// Is a value in a list: an address, a text, a number, as a list of this kind has it?
///
/// Returns what `palisade_in_list` does.
///
/// # Safety
///
/// `name` and `value` are readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_value_in_list(
    name: palisade_text_t,
    value: palisade_text_t,
) -> i32 {
    with_firewall("palisade_value_in_list", Answer::ERROR, |firewall| {
        // SAFETY: the contract above.
        let name = unsafe { name.bytes() }.unwrap_or_default();
        // SAFETY: the contract above.
        let value = unsafe { value.bytes() }.unwrap_or_default();
        code(firewall, name, firewall.value_in_list(name, value))
    })
}

/// The country and the autonomous system of a source, or of this address, against the lists.
///
/// Returns 1 fine, -2 denied, -1 the address is none; then there is a line in the log.
///
/// # Safety
///
/// `request` is NULL or valid for this call; `ip` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_check_country(
    request: *const palisade_request_t,
    ip: palisade_text_t,
) -> i32 {
    // SAFETY: the contract above.
    unsafe {
        judge_text(
            "palisade_check_country",
            Answer::CHECK,
            request,
            ip,
            |firewall, request, ip| match ip {
                None => verdict(firewall.check_country(request.address, &request.message)),
                Some(_) => with_key(firewall, ip, |address| {
                    verdict(firewall.check_country(address, &request.message))
                }),
            },
        )
    }
}

/// The number that is called, or this one, against the lists of destinations.
///
/// Returns 1 fine, -2 denied.
///
/// # Safety
///
/// `request` is NULL or valid for this call; `number` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_check_destination(
    request: *const palisade_request_t,
    number: palisade_text_t,
) -> i32 {
    // SAFETY: the contract above.
    unsafe {
        judge_text(
            "palisade_check_destination",
            Answer::CHECK,
            request,
            number,
            |firewall, request, number| {
                let (address, message) = (request.address, &request.message);
                verdict(firewall.check_destination(address, message, number))
            },
        )
    }
}

const YES: i32 = 1;
const NO: i32 = -1;

fn code(firewall: &Firewall, name: &[u8], found: Option<bool>) -> i32 {
    match found {
        Some(true) => YES,
        Some(false) => NO,
        None => {
            let name = Escaped(name);
            let line = format_args!("palisade_in_list: list={name}: there is none of this name");
            firewall.journal.line(ERROR, line);
            NO
        }
    }
}
