//! Start and stop.

use parking_lot::Mutex;

use crate::escape::Escaped;
use crate::host::{self, HostDatabase, HostTable};
use crate::journal::{self, write_line};
use crate::policy::Firewall;
use crate::settings::{Edge, Settings};

use super::boundary::{self, Answer, firewall, guard};
use super::{PALISADE_EDGE_CHARGED, palisade_address_t, palisade_text_t};

/// Parameters while they are collected; per process, before the fork.
static SETTINGS: Mutex<Option<Settings>> = Mutex::new(None);

/// Takes the host's functions. First of all calls.
///
/// Returns 0, or -1 when `host` is NULL.
///
/// # Safety
///
/// `host` is NULL or points to a table that is never freed or changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_load(host: *const HostTable) -> i32 {
    guard("palisade_load", Answer::ERROR, || {
        // SAFETY: the contract above.
        let Some(host) = (unsafe { host.as_ref() }) else {
            return -1;
        };
        host::load(host);
        boundary::install_hook();
        0
    })
}

/// Sets a parameter that is a number, before `palisade_start`.
///
/// Returns 0, or -1 after a line that names the parameter, the value and what is allowed.
///
/// # Safety
///
/// `name` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_set_number(name: palisade_text_t, value: i64) -> i32 {
    guard("palisade_set_number", Answer::ERROR, || {
        // SAFETY: the contract above.
        let name = unsafe { name.bytes() };
        set(name, |settings, name| settings.set_number(name, value))
    })
}

/// Sets a parameter that is a text, or adds to it (`trusted`, `agent_deny`), before
/// `palisade_start`.
///
/// Returns 0, or -1 after a line that names the parameter, the value and what is allowed.
///
/// # Safety
///
/// `name` and `value` are readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_set_text(name: palisade_text_t, value: palisade_text_t) -> i32 {
    guard("palisade_set_text", Answer::ERROR, || {
        // SAFETY: the contract above.
        let name = unsafe { name.bytes() };
        // SAFETY: the contract above.
        let value = unsafe { value.bytes() }.unwrap_or_default();
        set(name, |settings, name| settings.set_text(name, value))
    })
}

fn set(name: Option<&[u8]>, set: impl FnOnce(&mut Settings, &str) -> Result<(), String>) -> i32 {
    let name = Escaped(name.unwrap_or_default()).to_string();
    if !host::is_loaded() {
        return TOO_EARLY;
    }
    if firewall().is_some() {
        return refuse(&format!(
            "{name}: parameters are frozen once the module has started"
        ));
    }
    let mut settings = SETTINGS.lock();
    match set(settings.get_or_insert_with(Settings::default), &name) {
        Ok(()) => 0,
        Err(sentence) => refuse(&sentence),
    }
}

/// Adds an address of the host itself, before `palisade_start`: it is never banned. 127.0.0.1 and ::1
/// are known without.
///
/// Returns 0, or -1 when there is no address, or it is too late.
///
/// # Safety
///
/// `address` is NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_own_address(address: *const palisade_address_t) -> i32 {
    guard("palisade_own_address", Answer::ERROR, || {
        // SAFETY: the contract above.
        let address = unsafe { address.as_ref() };
        let Some(address) = address.and_then(palisade_address_t::read) else {
            return -1;
        };
        set(Some(b"own address"), |settings, _| {
            settings.own.push(address);
            Ok(())
        })
    })
}

/// Takes the shared memory. Once, before the fork.
///
/// Returns 0, or -1 after a line that says why.
#[unsafe(no_mangle)]
pub extern "C" fn palisade_start() -> i32 {
    guard("palisade_start", Answer::ERROR, || {
        if !host::is_loaded() {
            return TOO_EARLY;
        }
        if firewall().is_some() {
            return refuse("it was started before, in this very process");
        }
        let settings = SETTINGS.lock().clone().unwrap_or_default();
        match Firewall::with_database(settings, host::log, &HostDatabase) {
            Ok(firewall) => {
                firewall.log_start();
                if let Err(why) = firewall.keeper().load_countries_first() {
                    return refuse(&format!("no start: {why}"));
                }
                boundary::put(firewall);
                0
            }
            Err(error) => refuse(&format!("no start: {error}")),
        }
    })
}

/// Does the host have to hand over datagrams (`palisade_edge`)? After `palisade_start`.
///
/// Returns 1, `PALISADE_EDGE_CHARGED` when it will charge them to their sources, or -1 when the edge
/// is off.
#[unsafe(no_mangle)]
pub extern "C" fn palisade_edge_wanted() -> i32 {
    boundary::with_firewall(
        "palisade_edge_wanted",
        Answer::ERROR,
        |firewall| match firewall.settings.edge {
            Edge::Off => -1,
            Edge::Bans => 1,
            Edge::Rate => PALISADE_EDGE_CHARGED,
        },
    )
}

/// Tells that the host cannot hand over datagrams: everything else works without.
#[unsafe(no_mangle)]
pub extern "C" fn palisade_edge_unavailable() {
    boundary::with_firewall("palisade_edge_unavailable", Answer::ERROR, |firewall| {
        firewall.log_missing_edge();
        0
    });
}

/// To be called in every process that runs checks, after the fork. May be called twice.
///
/// Returns 0, or -1 when there was no `palisade_start`.
#[unsafe(no_mangle)]
pub extern "C" fn palisade_worker_start() -> i32 {
    boundary::with_firewall("palisade_worker_start", Answer::ERROR, |firewall| {
        firewall.counters.take_row();
        0
    })
}

/// To be called once a second, in one process: tells of the bans that have ended.
#[unsafe(no_mangle)]
pub extern "C" fn palisade_tick() {
    boundary::with_firewall("palisade_tick", Answer::ERROR, |firewall| {
        firewall.tick();
        0
    });
}

/// At the end, in the main process. The shared memory goes with the last process; there is nothing
/// to wait for.
#[unsafe(no_mangle)]
pub extern "C" fn palisade_stop() {
    boundary::with_firewall("palisade_stop", Answer::ERROR, |firewall| {
        firewall.log_stop();
        0
    });
}

/// Before `palisade_load` there is no log to say it in.
const TOO_EARLY: i32 = -1;

fn refuse(sentence: &str) -> i32 {
    write_line(host::log, journal::ERROR, format_args!("{sentence}"));
    -1
}
