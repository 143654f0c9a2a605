//! The types of the C ABI, and how they are read.

use std::ffi::c_void;

use crate::host::HostMessage;
use crate::message::Came;
use crate::source::Address;

/// Bytes of a text; `data` NULL: left out by the caller.
#[repr(C)]
#[derive(Clone, Copy)]
#[allow(non_camel_case_types, missing_debug_implementations)]
pub struct palisade_text_t {
    /// First byte.
    pub data: *const u8,
    /// Number of bytes.
    pub len: usize,
}

impl palisade_text_t {
    /// # Safety
    ///
    /// `data` is NULL or points to `len` bytes that stay as they are for `'a`.
    pub(super) unsafe fn bytes<'a>(self) -> Option<&'a [u8]> {
        if self.data.is_null() {
            return None;
        }
        // SAFETY: not NULL; the rest is the contract above.
        Some(unsafe { core::slice::from_raw_parts(self.data, self.len) })
    }
}

/// Where something came from or goes to: an IP address, of which `len` is 4 or 16, that many bytes in
/// network order (any other `len`: none), and a port.
#[repr(C)]
#[derive(Clone, Copy)]
#[allow(non_camel_case_types, missing_debug_implementations)]
pub struct palisade_address_t {
    /// The address.
    pub bytes: [u8; 16],
    /// How many of the bytes it has.
    pub len: u32,
    /// The port, 0 to 65535; 0: not known.
    pub port: u32,
}

impl palisade_address_t {
    /// `None`: there is no address.
    pub(super) fn read(&self) -> Option<Address> {
        let length = usize::try_from(self.len).ok()?;
        Address::from_bytes(self.bytes.get(..length)?)
    }

    /// 0: not known.
    pub(super) fn port(&self) -> u16 {
        u16::try_from(self.port).unwrap_or(0)
    }
}

/// The edge has charged the message to its source.
pub const PALISADE_CHARGED: u32 = 1;

/// The message came on a connection, which the host's `close_connection` can close.
pub const PALISADE_ON_CONNECTION: u32 = 2;

/// The edge has let the message through where its source is closed to strangers.
pub const PALISADE_SPARED: u32 = 4;

/// What `palisade_edge` answers when it has charged a datagram to its source, and
/// `palisade_edge_wanted` when it is going to.
pub const PALISADE_EDGE_CHARGED: i32 = 2;

/// What `palisade_edge` answers when it lets a datagram through whose source is closed to strangers.
pub const PALISADE_EDGE_SPARED: i32 = 3;

/// A message, request or reply: where it came from, how, and the host's own handle of it, which is
/// handed back to the host's functions; NULL: there is no message at hand.
#[repr(C)]
#[derive(Clone, Copy)]
#[allow(non_camel_case_types, missing_debug_implementations)]
pub struct palisade_message_t {
    /// Where it came from.
    pub source: palisade_address_t,
    /// `PALISADE_CHARGED`, `PALISADE_ON_CONNECTION`, `PALISADE_SPARED`, or-ed.
    pub flags: u32,
    /// The host's handle.
    pub handle: *const c_void,
}

impl palisade_message_t {
    /// `None`: the message came from nowhere (the host made it itself).
    ///
    /// # Safety
    ///
    /// `message` is NULL or points to a message that is valid for `'a`.
    pub(super) unsafe fn read<'a>(message: *const Self) -> Option<(Address, HostMessage<'a>)> {
        // SAFETY: the contract above.
        let message = unsafe { message.as_ref::<'a>() }?;
        let address = message.source.read()?;
        let has = |flag| message.flags & flag != 0;
        let came = Came {
            port: message.source.port(),
            is_on_connection: has(PALISADE_ON_CONNECTION),
            was_charged: has(PALISADE_CHARGED),
            was_spared: has(PALISADE_SPARED),
        };
        // SAFETY: the handle is valid as long as its message.
        let handed = unsafe { HostMessage::new(message.handle, came) };
        Some((address, handed))
    }
}
