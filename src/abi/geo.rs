//! The pseudo-variables of the routing script.

use std::fmt::{self, Write};

use crate::policy::Variable;

use super::boundary::{Answer, exported, guard};
use super::{palisade_message_t, palisade_text_t};

/// The number of a variable, for `palisade_variable`, by its name: `country`, `asn`, `source`. May
/// be called before `palisade_start`.
///
/// Returns -1 when there is none of this name.
///
/// # Safety
///
/// `name` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_variable_named(name: palisade_text_t) -> i32 {
    guard("palisade_variable_named", Answer::ERROR, || {
        // SAFETY: the contract above.
        let name = unsafe { name.bytes() }.unwrap_or_default();
        Variable::named(name).map_or(NONE, |variable| variable as i32)
    })
}

/// The value of a variable for a message, as text in the caller's buffer, cut at its end and
/// without a NUL; `number`, unless NULL, gets it as a number, or -1 when it is none.
///
/// Returns the bytes of the text, or -1 when the variable has no value; then nothing is written.
///
/// # Safety
///
/// `message` is NULL or valid for this call; `buffer` has `room` bytes that may be written, `number`
/// is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn palisade_variable(
    message: *const palisade_message_t,
    variable: i32,
    buffer: *mut u8,
    room: usize,
    number: *mut i64,
) -> i32 {
    exported!(palisade_variable, ERROR, message, (), |it| {
        let index = usize::try_from(variable).ok();
        let variable = index.and_then(|index| Variable::NAMES.get(index));
        let value = variable.and_then(|(_, variable)| it.value_of(*variable));
        let Some(value) = value else {
            return NONE;
        };
        let bytes = match buffer.is_null() {
            true => &mut [],
            // SAFETY: not NULL, and the contract above.
            false => unsafe { core::slice::from_raw_parts_mut(buffer, room) },
        };
        let mut text = Text { bytes, used: 0 };
        // What does not fit is cut.
        let _cut = write!(text, "{value}");
        // SAFETY: the contract above.
        if let Some(number) = unsafe { number.as_mut() } {
            *number = value.number().map_or(-1, i64::from);
        }
        i32::try_from(text.used).unwrap_or(NONE)
    })
}

const NONE: i32 = -1;

/// The caller's buffer.
struct Text<'a> {
    bytes: &'a mut [u8],
    used: usize,
}

impl Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.used..).unwrap_or_default();
        let fits = text.len().min(room.len());
        for (to, from) in room.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        self.used += fits;
        if fits == text.len() {
            Ok(())
        } else {
            Err(fmt::Error)
        }
    }
}
