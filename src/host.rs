//! The host, seen from Rust: `kamailio-glue/host.h` through bindgen, and safe wrappers over it.
//!
//! The bindings are committed (`host/bindings.rs`), so that a build needs no libclang; where there
//! is one, `build.rs` makes them anew, and `tests/drift.rs` compares.

use std::ffi::{CStr, c_void};

use once_cell::sync::OnceCell;

use crate::message::{Message, Part};
use crate::report::{Full, Reply};

#[allow(
    dead_code,
    non_camel_case_types,
    missing_docs,
    clippy::all,
    clippy::pedantic
)]
mod bindings;

mod database;

pub use bindings::palisade_host as HostTable;
pub use database::HostDatabase;

/// A part of a message is the same number on both sides.
const _: () = {
    use bindings::*;
    assert!(Part::Method as u32 == PALISADE_PART_METHOD);
    assert!(Part::UserAgent as u32 == PALISADE_PART_USER_AGENT);
    assert!(Part::AuthUser as u32 == PALISADE_PART_AUTH_USER);
    assert!(Part::AuthRealm as u32 == PALISADE_PART_AUTH_REALM);
    assert!(Part::FromUser as u32 == PALISADE_PART_FROM_USER);
    assert!(Part::FromHost as u32 == PALISADE_PART_FROM_HOST);
    assert!(Part::CallId as u32 == PALISADE_PART_CALL_ID);
    assert!(Part::CSeq as u32 == PALISADE_PART_CSEQ);
    assert!(Part::Credentials as u32 == PALISADE_PART_CREDENTIALS);
    assert!(Part::UriUser as u32 == PALISADE_PART_URI_USER);
    assert!(Part::ToUser as u32 == PALISADE_PART_TO_USER);
    assert!(Part::ToHost as u32 == PALISADE_PART_TO_HOST);
    assert!(Part::ToTag as u32 == PALISADE_PART_TO_TAG);
    assert!(Part::FromTag as u32 == PALISADE_PART_FROM_TAG);
    assert!(Part::FromName as u32 == PALISADE_PART_FROM_NAME);
    assert!(Part::AuthName as u32 == PALISADE_PART_AUTH_NAME);
    assert!(Part::Uri as u32 == PALISADE_PART_URI);
    assert!(Part::UriHost as u32 == PALISADE_PART_URI_HOST);
    assert!(Part::Contact as u32 == PALISADE_PART_CONTACT);
    assert!(Part::ContactUser as u32 == PALISADE_PART_CONTACT_USER);
    assert!(Part::ContactHost as u32 == PALISADE_PART_CONTACT_HOST);
    assert!(Part::ContactName as u32 == PALISADE_PART_CONTACT_NAME);
    assert!(Part::RecordRouteHost as u32 == PALISADE_PART_RECORD_ROUTE_HOST);
};

/// Per process, set before the fork by [`load`].
static HOST: OnceCell<&'static HostTable> = OnceCell::new();

/// Takes the host's functions. The first call counts.
pub fn load(host: &'static HostTable) {
    let _first = HOST.set(host);
}

/// Has there been a [`load`]?
pub fn is_loaded() -> bool {
    HOST.get().is_some()
}

/// The host's log; nothing before [`load`].
pub fn log(level: i32, line: &[u8]) {
    if let Some(write) = HOST.get().and_then(|host| host.log) {
        // SAFETY: pointer and length of a live slice; the host keeps neither.
        unsafe { write(level, line.as_ptr(), line.len()) }
    }
}

/// A message of the host's, for the duration of one call.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct HostMessage<'a> {
    handle: *const c_void,
    passed_edge: bool,
    on_connection: bool,
    _borrowed: core::marker::PhantomData<&'a c_void>,
}

impl HostMessage<'_> {
    /// # Safety
    ///
    /// `handle` is what the host's `text` takes, or NULL, and valid for as long as this lives.
    #[must_use]
    pub const unsafe fn new(handle: *const c_void, passed_edge: bool, on_connection: bool) -> Self {
        Self {
            handle,
            passed_edge,
            on_connection,
            _borrowed: core::marker::PhantomData,
        }
    }
}

impl Message for HostMessage<'_> {
    fn nth(&self, part: Part, index: u32) -> &[u8] {
        if self.handle.is_null() {
            return &[];
        }
        let Some(text) = HOST.get().and_then(|host| host.text) else {
            return &[];
        };
        // SAFETY: the handle is valid by the contract of `new`.
        let bytes = unsafe { text(self.handle, part as i32, index) };
        if bytes.data.is_null() {
            return &[];
        }
        // SAFETY: host.h: the text is valid until the call that received it returns, which is
        // longer than this borrow of the message.
        unsafe { core::slice::from_raw_parts(bytes.data, bytes.len) }
    }

    fn passed_edge(&self) -> bool {
        self.passed_edge
    }

    fn close_connection(&self) {
        let close = HOST.get().and_then(|host| host.close_connection);
        if let Some(close) = close.filter(|_| self.on_connection && !self.handle.is_null()) {
            // SAFETY: the handle is valid by the contract of `new`.
            unsafe { close(self.handle) }
        }
    }
}

/// A reply of the host's RPC interface, for the duration of one command.
#[allow(missing_debug_implementations)]
pub struct HostReply {
    handle: *mut c_void,
}

impl HostReply {
    /// # Safety
    ///
    /// `handle` is what the host's reply functions take, and valid for as long as this lives.
    #[must_use]
    pub const unsafe fn new(handle: *mut c_void) -> Self {
        Self { handle }
    }

    /// Answers with an error.
    pub fn fault(&mut self, code: i32, sentence: &str) {
        // No NUL gets here, because all that comes from outside is escaped.
        let sentence = std::ffi::CString::new(sentence).unwrap_or_default();
        if let Some(fault) = HOST.get().and_then(|host| host.fault) {
            // SAFETY: the handle is valid by the contract of `new`, the sentence ends with a NUL.
            unsafe { fault(self.handle, code, sentence.as_ptr()) }
        }
    }

    fn open(&self, open: Option<OpenFunction>, name: Option<&CStr>) -> Result<(), Full> {
        let open = open.ok_or(Full)?;
        // SAFETY: the handle is valid by the contract of `new`, the name ends with a NUL.
        check(unsafe { open(self.handle, pointer(name)) })
    }
}

type OpenFunction = unsafe extern "C" fn(*mut c_void, *const core::ffi::c_char) -> i32;

const fn pointer(name: Option<&CStr>) -> *const core::ffi::c_char {
    match name {
        Some(name) => name.as_ptr(),
        None => core::ptr::null(),
    }
}

const fn check(result: i32) -> Result<(), Full> {
    if result == 0 { Ok(()) } else { Err(Full) }
}

impl Reply for HostReply {
    fn open_struct(&mut self, name: Option<&CStr>) -> Result<(), Full> {
        self.open(HOST.get().and_then(|host| host.open_struct), name)
    }

    fn open_list(&mut self, name: Option<&CStr>) -> Result<(), Full> {
        self.open(HOST.get().and_then(|host| host.open_list), name)
    }

    fn close(&mut self) -> Result<(), Full> {
        let close = HOST.get().and_then(|host| host.close).ok_or(Full)?;
        // SAFETY: the handle is valid by the contract of `new`.
        check(unsafe { close(self.handle) })
    }

    fn number(&mut self, name: Option<&CStr>, value: i64) -> Result<(), Full> {
        let add = HOST.get().and_then(|host| host.add_number).ok_or(Full)?;
        // SAFETY: the handle is valid by the contract of `new`, the name ends with a NUL.
        check(unsafe { add(self.handle, pointer(name), value) })
    }

    fn text(&mut self, name: Option<&CStr>, text: &str) -> Result<(), Full> {
        let add = HOST.get().and_then(|host| host.add_text).ok_or(Full)?;
        // SAFETY: as above, and pointer and length are those of a live slice.
        check(unsafe { add(self.handle, pointer(name), text.as_ptr(), text.len()) })
    }
}
