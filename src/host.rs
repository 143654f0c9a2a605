//! The host, seen from Rust: `kamailio-glue/host.h` through bindgen, and safe wrappers over it.
//!
//! The bindings are committed (`host/bindings.rs`), so that a build needs no libclang; where there
//! is one, `tests/drift.rs` makes them anew and compares.

use std::cell::Cell;
use std::ffi::{CStr, c_void};
use std::ptr::NonNull;

use once_cell::sync::OnceCell;

use crate::message::{Came, Message, Method, Part, Unreadable};
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
    use crate::message::{CONTACTS_MAX, CREDENTIALS_MAX};
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
    assert!(Unreadable::MANY_HEADERS.0 == PALISADE_MANY_HEADERS);
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

/// In [`HostReading::judged`]: it was looked for.
const JUDGED: u32 = 1 << 31;

/// A message of the host's, for the duration of one call.
#[allow(missing_debug_implementations)]
pub struct HostMessage<'a> {
    handle: *const c_void,
    came: Came,
    raw: Cell<Option<NonNull<HostReading>>>,
    _borrowed: core::marker::PhantomData<&'a c_void>,
}

impl<'a> HostMessage<'a> {
    /// # Safety
    ///
    /// `handle` is what the host's functions take, or NULL, and valid for as long as this lives.
    #[must_use]
    pub const unsafe fn new(handle: *const c_void, came: Came) -> Self {
        Self {
            handle,
            came,
            raw: Cell::new(None),
            _borrowed: core::marker::PhantomData,
        }
    }

    /// One of the host's functions about messages; `None` where there is no message at hand.
    fn function<F>(&self, of: impl FnOnce(&'static HostTable) -> Option<F>) -> Option<F> {
        let host = HOST.get().filter(|_| !self.handle.is_null())?;
        of(host)
    }

    /// What the host has read of it; it is asked when this is first called.
    #[inline]
    fn raw(&self) -> Option<&HostReading> {
        let raw = self.raw.get().or_else(|| {
            let read = self.function(|host| host.read)?;
            // SAFETY: the handle is valid by the contract of `new`.
            self.raw.set(NonNull::new(unsafe { read(self.handle) }));
            self.raw.get()
        });
        // SAFETY: host.h: what is read stays until the host is asked about another message, and `write`
        // changes it through the same `self`.
        raw.map(|raw| unsafe { raw.as_ref() })
    }

    /// Changes one of the words in what the host has read that are Rust's.
    #[inline]
    fn write(&self, word: impl FnOnce(*mut HostReading) -> *mut u32, value: u32) {
        if let Some(raw) = self.raw.get() {
            // SAFETY: a field of what the host has read, which no reference is held to: texts are elsewhere.
            unsafe { word(raw.as_ptr()).write(value) }
        }
    }

    /// The sets that a part is one of the texts of, as many as there are, and which.
    #[inline]
    fn sets(raw: &HostReading, part: Part) -> (&[Set], usize) {
        let number = part as usize;
        let (sets, count, first): (&[Set], u32, Part) = if number < Part::Contact as usize {
            (&raw.credentials, raw.credentials_count, Part::AuthUser)
        } else {
            (&raw.contacts, raw.contact_count, Part::Contact)
        };
        let there = sets.get(..count as usize).unwrap_or(sets);
        (there, number - first as usize)
    }
}

type Set = [bindings::palisade_host_text_t; Part::OF_SET];

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
    #[inline]
    fn method(&self) -> Method {
        self.raw()
            .map_or(Method::None, |raw| Method::from_number(raw.method))
    }

    #[inline]
    fn is_request(&self) -> bool {
        self.raw().is_some_and(|raw| raw.is_request == 1)
    }

    #[inline]
    fn is_evaluated(&self) -> bool {
        self.raw().is_some_and(|raw| raw.is_evaluated == 1)
    }

    #[inline]
    fn unreadable(&self) -> Unreadable {
        Unreadable(self.raw().map_or(0, |raw| raw.unreadable))
    }

    #[inline]
    fn count(&self, part: Part) -> usize {
        match self.raw() {
            None => 0,
            Some(_) if (part as usize) < Part::SINGLE => 1,
            Some(raw) => Self::sets(raw, part).0.len(),
        }
    }

    #[inline]
    fn nth(&self, part: Part, index: usize) -> &[u8] {
        let Some(raw) = self.raw() else {
            return &[];
        };
        let text = match raw.single.get(part as usize) {
            Some(text) => Some(text).filter(|_| index == 0),
            None => {
                let (sets, at) = Self::sets(raw, part);
                sets.get(index).and_then(|set| set.get(at))
            }
        };
        // SAFETY: host.h: a text is valid until the call that received the message returns, which is
        // longer than this borrow of it.
        text.map_or(&[], |text| unsafe { bytes(*text) })
    }

    #[inline]
    fn judged(&self) -> Option<Unreadable> {
        let judged = self.raw()?.judged;
        (judged & JUDGED != 0).then_some(Unreadable(judged & !JUDGED))
    }

    #[inline]
    fn judge(&self, unreadable: Unreadable) {
        // SAFETY: inside what `raw` points to.
        self.write(
            |raw| unsafe { &raw mut (*raw).judged },
            unreadable.0 | JUDGED,
        );
    }

    fn is_newly_counted(&self) -> bool {
        let was_counted = self.raw().is_some_and(|raw| raw.counted == 1);
        // SAFETY: inside what `raw` points to.
        self.write(|raw| unsafe { &raw mut (*raw).counted }, 1);
        !was_counted
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

    fn came(&self) -> Came {
        self.came
    }

    fn bytes(&self) -> &[u8] {
        let Some(of) = self.function(|host| host.bytes) else {
            return &[];
        };
        // SAFETY: the handle is valid by the contract of `new`.
        let text = unsafe { of(self.handle) };
        // SAFETY: as in `nth`.
        unsafe { bytes(text) }
    }

    fn close_connection(&self) {
        let close = self.function(|host| host.close_connection);
        if let Some(close) = close.filter(|_| self.came.is_on_connection) {
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
