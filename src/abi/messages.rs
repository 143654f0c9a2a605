//! The checks of a message itself, each by its own name: they look even for what the policy turns
//! `off`, and block for it then.

use super::boundary::{Answer, exported};
use super::checks::{code, with_key};
use super::{palisade_message_t, palisade_text_t};

/// Is there SQL in the user parts of the R-URI, From, To and Contact, or in the user of the
/// credentials; or in this text?
///
/// Returns 1 clean, -2 found.
///
/// # Safety
///
/// `message` is NULL or valid for this call; `text` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_check_sqli(
    message: *const palisade_message_t,
    text: palisade_text_t,
) -> i32 {
    exported!(palisade_check_sqli, CHECK, message, (text), |it| code(
        it.check_sqli(text)
    ))
}

/// Has a contact of the message an IP address where a name could stand?
///
/// Returns 1 clean, -2 found.
///
/// # Safety
///
/// `message` is NULL or valid for this call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_check_contact(message: *const palisade_message_t) -> i32 {
    exported!(palisade_check_contact, CHECK, message, (), |it| code(
        it.check_contact()
    ))
}

/// Does the topmost Record-Route name another address than the message came from?
///
/// Returns 1 clean, -2 found.
///
/// # Safety
///
/// `message` is NULL or valid for this call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_check_route(message: *const palisade_message_t) -> i32 {
    exported!(palisade_check_route, CHECK, message, (), |it| code(
        it.check_route()
    ))
}

/// The country and the autonomous system of a source, or of this address, against the lists.
///
/// Returns 1 fine, -2 denied, -1 the address is none; then there is a line in the log.
///
/// # Safety
///
/// `message` is NULL or valid for this call; `ip` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_check_country(
    message: *const palisade_message_t,
    ip: palisade_text_t,
) -> i32 {
    exported!(
        palisade_check_country,
        CHECK,
        message,
        (ip),
        |it| match ip {
            None => code(it.check_country()),
            Some(_) => with_key(it.firewall, ip, |address| {
                code(
                    it.firewall
                        .inspect(address, it.message, |it| it.check_country()),
                )
            }),
        }
    )
}

/// The number that is called, or this one, against the lists of destinations.
///
/// Returns 1 fine, -2 denied.
///
/// # Safety
///
/// `message` is NULL or valid for this call; `number` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_check_destination(
    message: *const palisade_message_t,
    number: palisade_text_t,
) -> i32 {
    exported!(palisade_check_destination, CHECK, message, (number), |it| {
        code(it.check_destination(number))
    })
}
