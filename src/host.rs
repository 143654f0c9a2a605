//! The host, seen from Rust: `kamailio-glue/host.h` through bindgen, and safe wrappers over it.
//!
//! The bindings are committed (`host/bindings.rs`), so that a build needs no libclang; where there
//! is one, `tests/drift.rs` makes them anew and compares.

use std::ffi::{CStr, c_void};
use std::mem::MaybeUninit;

use once_cell::sync::OnceCell;

use crate::message::{CONTACTS_MAX, CREDENTIALS_MAX, Message, Method, Reading, Unreadable};
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
pub use bindings::palisade_host_reading as HostReading;
pub use database::HostDatabase;

/// What both sides number is the same on both.
const _: () = {
    use crate::message::{CONTACTS_MAX, CREDENTIALS_MAX, Method, Part};
    use bindings::*;
    assert!(Part::Method as u32 == PALISADE_PART_METHOD);
    assert!(Part::UserAgent as u32 == PALISADE_PART_USER_AGENT);
    assert!(Part::CallId as u32 == PALISADE_PART_CALL_ID);
    assert!(Part::CSeq as u32 == PALISADE_PART_CSEQ);
    assert!(Part::FromUser as u32 == PALISADE_PART_FROM_USER);
    assert!(Part::FromHost as u32 == PALISADE_PART_FROM_HOST);
    assert!(Part::FromName as u32 == PALISADE_PART_FROM_NAME);
    assert!(Part::ToUser as u32 == PALISADE_PART_TO_USER);
    assert!(Part::ToHost as u32 == PALISADE_PART_TO_HOST);
    assert!(Part::ToTag as u32 == PALISADE_PART_TO_TAG);
    assert!(Part::Uri as u32 == PALISADE_PART_URI);
    assert!(Part::UriUser as u32 == PALISADE_PART_URI_USER);
    assert!(Part::UriHost as u32 == PALISADE_PART_URI_HOST);
    assert!(Part::AuthUser as u32 == PALISADE_PART_AUTH_USER);
    assert!(Part::AuthRealm as u32 == PALISADE_PART_AUTH_REALM);
    assert!(Part::AuthName as u32 == PALISADE_PART_AUTH_NAME);
    assert!(Part::Credentials as u32 == PALISADE_PART_CREDENTIALS);
    assert!(Part::Contact as u32 == PALISADE_PART_CONTACT);
    assert!(Part::ContactUser as u32 == PALISADE_PART_CONTACT_USER);
    assert!(Part::ContactHost as u32 == PALISADE_PART_CONTACT_HOST);
    assert!(Part::ContactName as u32 == PALISADE_PART_CONTACT_NAME);
    assert!(Part::RecordRouteHost as u32 == PALISADE_PART_RECORD_ROUTE_HOST);
    assert!(Method::None as u32 == PALISADE_METHOD_NONE);
    assert!(Method::Other as u32 == PALISADE_METHOD_OTHER);
    assert!(Method::Invite as u32 == PALISADE_METHOD_INVITE);
    assert!(Method::Ack as u32 == PALISADE_METHOD_ACK);
    assert!(Method::Bye as u32 == PALISADE_METHOD_BYE);
    assert!(Method::Cancel as u32 == PALISADE_METHOD_CANCEL);
    assert!(Method::Register as u32 == PALISADE_METHOD_REGISTER);
    assert!(Method::Options as u32 == PALISADE_METHOD_OPTIONS);
    assert!(Method::Prack as u32 == PALISADE_METHOD_PRACK);
    assert!(Method::Update as u32 == PALISADE_METHOD_UPDATE);
    assert!(Method::Info as u32 == PALISADE_METHOD_INFO);
    assert!(Method::Subscribe as u32 == PALISADE_METHOD_SUBSCRIBE);
    assert!(Method::Notify as u32 == PALISADE_METHOD_NOTIFY);
    assert!(Method::Message as u32 == PALISADE_METHOD_MESSAGE);
    assert!(Method::Refer as u32 == PALISADE_METHOD_REFER);
    assert!(Method::Publish as u32 == PALISADE_METHOD_PUBLISH);
    assert!(Unreadable::HEADERS.0 == PALISADE_UNREADABLE_HEADERS);
    assert!(Unreadable::URI.0 == PALISADE_UNREADABLE_URI);
    assert!(Unreadable::FROM.0 == PALISADE_UNREADABLE_FROM);
    assert!(Unreadable::TO.0 == PALISADE_UNREADABLE_TO);
    assert!(Unreadable::CONTACT.0 == PALISADE_UNREADABLE_CONTACT);
    assert!(Unreadable::CREDENTIALS.0 == PALISADE_UNREADABLE_CREDENTIALS);
    assert!(Unreadable::MANY_CONTACTS.0 == PALISADE_MANY_CONTACTS);
    assert!(Unreadable::MANY_CREDENTIALS.0 == PALISADE_MANY_CREDENTIALS);
    assert!(CREDENTIALS_MAX as u32 == PALISADE_CREDENTIALS_MAX);
    assert!(CONTACTS_MAX as u32 == PALISADE_CONTACTS_MAX);
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
    charged: bool,
    on_connection: bool,
    _borrowed: core::marker::PhantomData<&'a c_void>,
}

impl<'a> HostMessage<'a> {
    /// # Safety
    ///
    /// `handle` is what the host's functions take, or NULL, and valid for as long as this lives.
    #[must_use]
    pub const unsafe fn new(handle: *const c_void, charged: bool, on_connection: bool) -> Self {
        Self {
            handle,
            charged,
            on_connection,
            _borrowed: core::marker::PhantomData,
        }
    }

    /// One of the host's functions about messages; `None` where there is no message at hand.
    fn function<F>(&self, of: impl FnOnce(&'static HostTable) -> Option<F>) -> Option<F> {
        let host = HOST.get().filter(|_| !self.handle.is_null())?;
        of(host)
    }

    /// The host's reading, in Rust's types.
    ///
    /// # Safety
    ///
    /// `raw` is what the host's `read` has written, and its texts are valid for `'a`.
    unsafe fn taken(raw: &MaybeUninit<HostReading>) -> Reading<'a> {
        let raw = raw.as_ptr();
        macro_rules! written {
            ($($field:tt)+) => {
                // SAFETY: host.h: everything is written but the sets beyond their counts.
                unsafe { (*raw).$($field)+ }
            };
        }
        // SAFETY: the contract above.
        let texts = |text| unsafe { bytes(text) };
        let single = written!(single).map(texts);
        let mut reading = Reading::new(Method::from_number(written!(method)), single);
        reading.is_request = written!(is_request) == 1;
        reading.unreadable = Unreadable(written!(unreadable));
        for index in 0..(written!(credentials_count) as usize).min(CREDENTIALS_MAX) {
            reading.add_credentials(written!(credentials[index]).map(texts));
        }
        for index in 0..(written!(contact_count) as usize).min(CONTACTS_MAX) {
            reading.add_contact(written!(contacts[index]).map(texts));
        }
        reading
    }
}

/// A text of the host's; none is the empty text.
///
/// # Safety
///
/// `data` is NULL, or points to `len` bytes that are valid for `'a`.
unsafe fn bytes<'a>(text: bindings::palisade_host_text_t) -> &'a [u8] {
    if text.data.is_null() {
        return &[];
    }
    // SAFETY: not NULL, and the contract above.
    unsafe { core::slice::from_raw_parts(text.data, text.len) }
}

impl Message for HostMessage<'_> {
    fn read(&self) -> Reading<'_> {
        let Some(read) = self.function(|host| host.read) else {
            return Reading::default();
        };
        let mut raw = MaybeUninit::uninit();
        // SAFETY: the handle is valid by the contract of `new`, and the host writes to the room.
        unsafe { read(self.handle, raw.as_mut_ptr()) };
        // SAFETY: host.h: a text is valid until the call that received the message returns, which is
        // longer than this borrow of it.
        unsafe { Self::taken(&raw) }
    }

    fn route(&self) -> &[u8] {
        let Some(route) = self.function(|host| host.route) else {
            return &[];
        };
        // SAFETY: the handle is valid by the contract of `new`.
        let text = unsafe { route(self.handle) };
        // SAFETY: as in `read`.
        unsafe { bytes(text) }
    }

    fn is_in_dialog(&self) -> Option<bool> {
        let in_dialog = self.function(|host| host.in_dialog)?;
        // SAFETY: the handle is valid by the contract of `new`.
        match unsafe { in_dialog(self.handle) } {
            0 => None,
            known => Some(known > 0),
        }
    }

    fn was_charged(&self) -> bool {
        self.charged
    }

    fn is_on_connection(&self) -> bool {
        self.on_connection
    }

    fn close_connection(&self) {
        let close = self.function(|host| host.close_connection);
        if let Some(close) = close.filter(|_| self.on_connection) {
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
