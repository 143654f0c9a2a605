//! The checks, as the routing script calls them. No function here answers 0, which would end the
//! script.

use crate::host;
use crate::journal::{self, write_line};
use crate::message::Datagram;
use crate::policy::{AtEdge, Firewall, Verdict};
use crate::source::Address;

use super::boundary::{Answer, exported};
use super::{
    PALISADE_EDGE_CHARGED, PALISADE_EDGE_SPARED, palisade_address_t, palisade_message_t,
    palisade_text_t,
};

/// The script's codes.
pub(super) const fn code(verdict: Verdict) -> i32 {
    match verdict {
        Verdict::Pass => 1,
        Verdict::Blocked => -1,
        Verdict::NewlyBlocked => -2,
    }
}

pub(super) const fn yes_or_no(yes: bool) -> i32 {
    if yes { 1 } else { -1 }
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

/// All checks that are on, cheapest first: trusted, ban, rate, agent.
///
/// Returns 1 pass, -1 blocked already, -2 newly blocked by this message.
///
/// # Safety
///
/// `message` is NULL or valid for this call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_check(message: *const palisade_message_t) -> i32 {
    exported!(palisade_check, CHECK, message, (), |it| code(it.check()))
}

/// The edge: a datagram from `source`, before it is parsed.
///
/// Returns 1 pass, `PALISADE_EDGE_CHARGED` pass and charged to its source, `PALISADE_EDGE_SPARED` pass
/// though its source is closed to strangers, -1 to be dropped.
///
/// # Safety
///
/// `source` is NULL or readable; `datagram` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_edge(
    source: *const palisade_address_t,
    datagram: palisade_text_t,
) -> i32 {
    exported!(palisade_edge, CHECK, (datagram), |firewall| {
        // SAFETY: the contract above.
        let source = unsafe { source.as_ref() };
        let Some((address, port)) = source.and_then(|it| Some((it.read()?, it.port()))) else {
            return 1;
        };
        let datagram = Datagram {
            port,
            bytes: datagram.unwrap_or_default(),
        };
        match firewall.check_datagram(address, &datagram) {
            AtEdge::Pass => 1,
            AtEdge::Charged => PALISADE_EDGE_CHARGED,
            AtEdge::Spared => PALISADE_EDGE_SPARED,
            AtEdge::Drop => -1,
        }
    })
}

/// The rate check alone: `pike_check_req()`.
///
/// Returns 1 under the limit, -1 over it already, -2 since this message.
///
/// # Safety
///
/// `message` is NULL or valid for this call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_rate_check(message: *const palisade_message_t) -> i32 {
    exported!(palisade_rate_check, CHECK, message, (), |it| code(
        it.check_rate()
    ))
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
    exported!(palisade_rate_check_ip, CHECK, (ip), |firewall| {
        with_key(firewall, ip, |address| {
            code(firewall.inspect_address(address, |it| it.check_rate()))
        })
    })
}

/// The User-Agent of the message, or this text, against the filter.
///
/// Returns 1 clean, -2 matches.
///
/// # Safety
///
/// `message` is NULL or valid for this call; `text` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_check_agent(
    message: *const palisade_message_t,
    text: palisade_text_t,
) -> i32 {
    exported!(palisade_check_agent, CHECK, message, (text), |it| code(
        it.check_agent(text)
    ))
}
