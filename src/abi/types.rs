//! The types of the C ABI, and how they are read.

use std::ffi::c_void;

use crate::host::HostMessage;
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

/// An IP address: `len` is 4 or 16, that many bytes in network order; any other `len`: none.
#[repr(C)]
#[derive(Clone, Copy)]
#[allow(non_camel_case_types, missing_debug_implementations)]
pub struct palisade_address_t {
    /// The address.
    pub bytes: [u8; 16],
    /// How many of the bytes it has.
    pub len: u32,
}

impl palisade_address_t {
    /// `None`: there is no address.
    pub(super) fn read(&self) -> Option<Address> {
        let length = usize::try_from(self.len).ok()?;
        Address::from_bytes(self.bytes.get(..length)?)
    }
}

/// The message came in a datagram that `palisade_edge` has passed.
pub const PALISADE_PASSED_EDGE: u32 = 1;

/// The message came on a connection, which the host's `close_connection` can close.
pub const PALISADE_ON_CONNECTION: u32 = 2;

/// A message: where it came from, how, and the host's own handle of it, which is handed back to the
/// host's functions; NULL: there is no message at hand.
#[repr(C)]
#[derive(Clone, Copy)]
#[allow(non_camel_case_types, missing_debug_implementations)]
pub struct palisade_request_t {
    /// Where it came from.
    pub source: palisade_address_t,
    /// `PALISADE_PASSED_EDGE`, `PALISADE_ON_CONNECTION`, or neither.
    pub flags: u32,
    /// The host's handle.
    pub message: *const c_void,
}

/// A request, read.
pub(super) struct Request<'a> {
    pub address: Address,
    pub message: HostMessage<'a>,
}

impl<'a> Request<'a> {
    /// `None`: the message came from nowhere (the host made it itself).
    ///
    /// # Safety
    ///
    /// `request` is NULL or points to a request that is valid for `'a`.
    pub unsafe fn read(request: *const palisade_request_t) -> Option<Self> {
        // SAFETY: the contract above.
        let request = unsafe { request.as_ref::<'a>() }?;
        let address = request.source.read()?;
        let passed_edge = request.flags & PALISADE_PASSED_EDGE != 0;
        let on_connection = request.flags & PALISADE_ON_CONNECTION != 0;
        // SAFETY: the message is valid as long as its request.
        let message = unsafe { HostMessage::new(request.message, passed_edge, on_connection) };
        Some(Self { address, message })
    }
}
