//! Lists, as the routing script asks them.

use crate::escape::Word;
use crate::journal::ERROR;
use crate::policy::Firewall;

use super::boundary::{Answer, exported};
use super::checks::yes_or_no;
use super::{palisade_message_t, palisade_text_t};

/// Is a message in a list: its source, or the text of it that a list of this kind is about?
///
/// Returns 1 it is, -1 it is not, or there is no such list; then there is a line in the log.
///
/// # Safety
///
/// `message` is NULL or valid for this call; `name` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_in_list(
    message: *const palisade_message_t,
    name: palisade_text_t,
) -> i32 {
    exported!(palisade_in_list, ERROR, message, (name), |it| {
        let name = name.unwrap_or_default();
        yes_or_no(answer(it.firewall, name, it.in_list(name)))
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
    exported!(palisade_value_in_list, ERROR, (name, value), |firewall| {
        let name = name.unwrap_or_default();
        let found = firewall.value_in_list(name, value.unwrap_or_default());
        yes_or_no(answer(firewall, name, found))
    })
}

/// Nothing is in a list that is not there; the log says so.
fn answer(firewall: &Firewall, name: &[u8], found: Option<bool>) -> bool {
    found.unwrap_or_else(|| {
        let name = Word(name);
        let line = format_args!("palisade_in_list: list={name}: there is none of this name");
        firewall.journal.line(ERROR, line);
        false
    })
}
