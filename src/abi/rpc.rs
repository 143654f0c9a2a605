//! The RPC commands.

use std::ffi::c_void;

use crate::host::HostReply;

use super::boundary::{Answer, guard, with_firewall};
use super::palisade_text_t;

/// Answers one RPC command: its name without `palisade.`, its arguments as texts. The reply goes
/// through the functions of the host's table, to which `reply` is handed back.
///
/// # Safety
///
/// `command` and `count` texts at `arguments` are readable; `reply` is what the host's functions
/// take.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_rpc(
    command: palisade_text_t,
    arguments: *const palisade_text_t,
    count: usize,
    reply: *mut c_void,
) {
    guard("palisade_rpc", Answer::ERROR, || {
        // SAFETY: the contract above.
        let mut reply = unsafe { HostReply::new(reply) };
        // SAFETY: the contract above.
        let answered = unsafe { answer(command, arguments, count, &mut reply) };
        if answered != ANSWERED {
            reply.fault(500, "the module failed, see the log");
        }
        answered
    });
}

const ANSWERED: i32 = 1;

/// [`ANSWERED`], unless the module failed.
///
/// # Safety
///
/// As of [`palisade_rpc`].
unsafe fn answer(
    command: palisade_text_t,
    arguments: *const palisade_text_t,
    count: usize,
    reply: &mut HostReply,
) -> i32 {
    with_firewall("palisade_rpc", Answer::ERROR, |firewall| {
        // SAFETY: the contract above.
        let command = unsafe { command.bytes() }.unwrap_or_default();
        // SAFETY: the contract above.
        let texts = match unsafe { arguments.as_ref() } {
            // SAFETY: not NULL, and the contract above.
            Some(first) => unsafe { core::slice::from_raw_parts(first, count) },
            None => &[],
        };
        // SAFETY: the contract above.
        let arguments: Vec<&[u8]> = texts
            .iter()
            .map(|text| unsafe { text.bytes() }.unwrap_or_default())
            .collect();
        if let Err(fault) = firewall.answer(command, &arguments, reply)
            && let Some((code, sentence)) = fault.answer()
        {
            reply.fault(code, sentence);
        }
        ANSWERED
    })
}
