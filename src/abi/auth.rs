//! The auth counter, as the routing script calls it. `user` is text such as `alice@example.com`; left
//! out, it is the credentials of the message, else its From URI.

use crate::policy::{Admission, AuthResult};

use super::boundary::{Answer, exported};
use super::checks::code;
use super::{palisade_message_t, palisade_text_t};

/// Takes what `auth_check()`, `www_authorize()`, `pv_www_authenticate()` … returned, and counts or
/// clears. `user` left out: the credentials of the message, else its From URI.
///
/// Returns 1, -1 blocked already, -2 newly blocked by this message.
///
/// # Safety
///
/// `message` is NULL or valid for this call; `user` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_auth_result(
    message: *const palisade_message_t,
    code: i32,
    user: palisade_text_t,
) -> i32 {
    exported!(palisade_auth_result, CHECK, message, (user), |it| {
        self::code(it.auth_result(AuthResult::from(code), user))
    })
}

/// Counts one failure.
///
/// Returns 1 below the limit, -1 blocked already, -2 newly blocked.
///
/// # Safety
///
/// `message` is NULL or valid for this call; `user` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_auth_failed(
    message: *const palisade_message_t,
    user: palisade_text_t,
) -> i32 {
    exported!(palisade_auth_failed, CHECK, message, (user), |it| code(
        it.auth_failed(user)
    ))
}

/// Clears the count of this user from this source.
///
/// Returns 1.
///
/// # Safety
///
/// `message` is NULL or valid for this call; `user` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_auth_ok(
    message: *const palisade_message_t,
    user: palisade_text_t,
) -> i32 {
    exported!(palisade_auth_ok, CHECK, message, (user), |it| {
        it.auth_ok(user);
        1
    })
}

/// Is this user blocked from this source?
///
/// Returns -1 not; 1 blocked; 2 not, but somebody has failed in its name with nonces that were handed to
/// others: so was this one, and its sender has to be challenged; 3 not, but as many attempts as may fail
/// are under way: over UDP, a request that is dropped comes again.
///
/// # Safety
///
/// `message` is NULL or valid for this call; `user` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_auth_blocked(
    message: *const palisade_message_t,
    user: palisade_text_t,
) -> i32 {
    exported!(palisade_auth_blocked, QUESTION, message, (user), |it| {
        match it.auth_admission(user) {
            Admission::Admitted => -1,
            Admission::Blocked => 1,
            Admission::Unproven => 2,
            Admission::TooMany => 3,
        }
    })
}
