#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct palisade_host_text {
    pub data: *const u8,
    pub len: usize,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of palisade_host_text"][::std::mem::size_of::<palisade_host_text>() - 16usize];
    ["Alignment of palisade_host_text"][::std::mem::align_of::<palisade_host_text>() - 8usize];
    ["Offset of field: palisade_host_text::data"]
        [::std::mem::offset_of!(palisade_host_text, data) - 0usize];
    ["Offset of field: palisade_host_text::len"]
        [::std::mem::offset_of!(palisade_host_text, len) - 8usize];
};
pub type palisade_host_text_t = palisade_host_text;
pub const PALISADE_METHOD_NONE: palisade_host_method = 0;
pub const PALISADE_METHOD_OTHER: palisade_host_method = 1;
pub const PALISADE_METHOD_INVITE: palisade_host_method = 2;
pub const PALISADE_METHOD_ACK: palisade_host_method = 3;
pub const PALISADE_METHOD_BYE: palisade_host_method = 4;
pub const PALISADE_METHOD_CANCEL: palisade_host_method = 5;
pub const PALISADE_METHOD_REGISTER: palisade_host_method = 6;
pub const PALISADE_METHOD_OPTIONS: palisade_host_method = 7;
pub const PALISADE_METHOD_PRACK: palisade_host_method = 8;
pub const PALISADE_METHOD_UPDATE: palisade_host_method = 9;
pub const PALISADE_METHOD_INFO: palisade_host_method = 10;
pub const PALISADE_METHOD_SUBSCRIBE: palisade_host_method = 11;
pub const PALISADE_METHOD_NOTIFY: palisade_host_method = 12;
pub const PALISADE_METHOD_MESSAGE: palisade_host_method = 13;
pub const PALISADE_METHOD_REFER: palisade_host_method = 14;
pub const PALISADE_METHOD_PUBLISH: palisade_host_method = 15;
pub type palisade_host_method = ::std::os::raw::c_uint;
pub const PALISADE_PART_METHOD: palisade_host_part = 0;
pub const PALISADE_PART_USER_AGENT: palisade_host_part = 1;
pub const PALISADE_PART_CALL_ID: palisade_host_part = 2;
pub const PALISADE_PART_CSEQ: palisade_host_part = 3;
pub const PALISADE_PART_FROM_USER: palisade_host_part = 4;
pub const PALISADE_PART_FROM_HOST: palisade_host_part = 5;
pub const PALISADE_PART_FROM_NAME: palisade_host_part = 6;
pub const PALISADE_PART_TO_USER: palisade_host_part = 7;
pub const PALISADE_PART_TO_HOST: palisade_host_part = 8;
pub const PALISADE_PART_TO_TAG: palisade_host_part = 9;
pub const PALISADE_PART_URI: palisade_host_part = 10;
pub const PALISADE_PART_URI_USER: palisade_host_part = 11;
pub const PALISADE_PART_URI_HOST: palisade_host_part = 12;
pub const PALISADE_PART_AUTH_USER: palisade_host_part = 13;
pub const PALISADE_PART_AUTH_REALM: palisade_host_part = 14;
pub const PALISADE_PART_AUTH_NAME: palisade_host_part = 15;
pub const PALISADE_PART_CREDENTIALS: palisade_host_part = 16;
pub const PALISADE_PART_CONTACT: palisade_host_part = 17;
pub const PALISADE_PART_CONTACT_USER: palisade_host_part = 18;
pub const PALISADE_PART_CONTACT_HOST: palisade_host_part = 19;
pub const PALISADE_PART_CONTACT_NAME: palisade_host_part = 20;
pub const PALISADE_PART_RECORD_ROUTE_HOST: palisade_host_part = 21;
pub type palisade_host_part = ::std::os::raw::c_uint;
pub const PALISADE_SINGLE_PARTS: palisade_host_limit = 13;
pub const PALISADE_SET_PARTS: palisade_host_limit = 4;
pub const PALISADE_CREDENTIALS_MAX: palisade_host_limit = 3;
pub const PALISADE_CONTACTS_MAX: palisade_host_limit = 8;
pub const PALISADE_HEADERS_MAX: palisade_host_limit = 256;
pub type palisade_host_limit = ::std::os::raw::c_uint;
pub const PALISADE_UNREADABLE_HEADERS: palisade_host_unreadable = 1;
pub const PALISADE_UNREADABLE_URI: palisade_host_unreadable = 2;
pub const PALISADE_UNREADABLE_FROM: palisade_host_unreadable = 4;
pub const PALISADE_UNREADABLE_TO: palisade_host_unreadable = 8;
pub const PALISADE_UNREADABLE_CONTACT: palisade_host_unreadable = 16;
pub const PALISADE_UNREADABLE_CREDENTIALS: palisade_host_unreadable = 32;
pub const PALISADE_MANY_CONTACTS: palisade_host_unreadable = 64;
pub const PALISADE_MANY_CREDENTIALS: palisade_host_unreadable = 128;
pub const PALISADE_MANY_HEADERS: palisade_host_unreadable = 256;
pub type palisade_host_unreadable = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct palisade_host_reading {
    pub method: i32,
    pub is_request: u32,
    pub unreadable: u32,
    pub credentials_count: u32,
    pub contact_count: u32,
    pub is_evaluated: u32,
    pub judged: u32,
    pub counted: u32,
    pub single: [palisade_host_text_t; 13usize],
    pub credentials: [[palisade_host_text_t; 4usize]; 3usize],
    pub contacts: [[palisade_host_text_t; 4usize]; 8usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of palisade_host_reading"][::std::mem::size_of::<palisade_host_reading>() - 944usize];
    ["Alignment of palisade_host_reading"]
        [::std::mem::align_of::<palisade_host_reading>() - 8usize];
    ["Offset of field: palisade_host_reading::method"]
        [::std::mem::offset_of!(palisade_host_reading, method) - 0usize];
    ["Offset of field: palisade_host_reading::is_request"]
        [::std::mem::offset_of!(palisade_host_reading, is_request) - 4usize];
    ["Offset of field: palisade_host_reading::unreadable"]
        [::std::mem::offset_of!(palisade_host_reading, unreadable) - 8usize];
    ["Offset of field: palisade_host_reading::credentials_count"]
        [::std::mem::offset_of!(palisade_host_reading, credentials_count) - 12usize];
    ["Offset of field: palisade_host_reading::contact_count"]
        [::std::mem::offset_of!(palisade_host_reading, contact_count) - 16usize];
    ["Offset of field: palisade_host_reading::is_evaluated"]
        [::std::mem::offset_of!(palisade_host_reading, is_evaluated) - 20usize];
    ["Offset of field: palisade_host_reading::judged"]
        [::std::mem::offset_of!(palisade_host_reading, judged) - 24usize];
    ["Offset of field: palisade_host_reading::counted"]
        [::std::mem::offset_of!(palisade_host_reading, counted) - 28usize];
    ["Offset of field: palisade_host_reading::single"]
        [::std::mem::offset_of!(palisade_host_reading, single) - 32usize];
    ["Offset of field: palisade_host_reading::credentials"]
        [::std::mem::offset_of!(palisade_host_reading, credentials) - 240usize];
    ["Offset of field: palisade_host_reading::contacts"]
        [::std::mem::offset_of!(palisade_host_reading, contacts) - 432usize];
};
pub type palisade_host_reading_t = palisade_host_reading;
pub const PALISADE_HOLDS_NOTHING: palisade_host_holds = 0;
pub const PALISADE_HOLDS_NUMBER: palisade_host_holds = 1;
pub const PALISADE_HOLDS_TEXT: palisade_host_holds = 2;
pub type palisade_host_holds = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct palisade_host_field {
    pub column: *const ::std::os::raw::c_char,
    pub holds: i32,
    pub number: i64,
    pub text: palisade_host_text_t,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of palisade_host_field"][::std::mem::size_of::<palisade_host_field>() - 40usize];
    ["Alignment of palisade_host_field"][::std::mem::align_of::<palisade_host_field>() - 8usize];
    ["Offset of field: palisade_host_field::column"]
        [::std::mem::offset_of!(palisade_host_field, column) - 0usize];
    ["Offset of field: palisade_host_field::holds"]
        [::std::mem::offset_of!(palisade_host_field, holds) - 8usize];
    ["Offset of field: palisade_host_field::number"]
        [::std::mem::offset_of!(palisade_host_field, number) - 16usize];
    ["Offset of field: palisade_host_field::text"]
        [::std::mem::offset_of!(palisade_host_field, text) - 24usize];
};
pub type palisade_host_field_t = palisade_host_field;
pub const PALISADE_DB_NO_DRIVER: palisade_host_db_error = -1;
pub const PALISADE_DB_LATE_DRIVER: palisade_host_db_error = -2;
pub const PALISADE_DB_CLOSED: palisade_host_db_error = -3;
pub const PALISADE_DB_REFUSED: palisade_host_db_error = -4;
pub const PALISADE_DB_UNABLE: palisade_host_db_error = -5;
pub const PALISADE_DB_NO_MEMORY: palisade_host_db_error = -6;
pub type palisade_host_db_error = ::std::os::raw::c_int;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct palisade_host {
    pub log: ::std::option::Option<unsafe extern "C" fn(level: i32, text: *const u8, len: usize)>,
    pub read: ::std::option::Option<
        unsafe extern "C" fn(
            message: *const ::std::os::raw::c_void,
        ) -> *mut palisade_host_reading_t,
    >,
    pub bytes: ::std::option::Option<
        unsafe extern "C" fn(message: *const ::std::os::raw::c_void) -> palisade_host_text_t,
    >,
    pub route: ::std::option::Option<
        unsafe extern "C" fn(message: *const ::std::os::raw::c_void) -> palisade_host_text_t,
    >,
    pub in_dialog:
        ::std::option::Option<unsafe extern "C" fn(message: *const ::std::os::raw::c_void) -> i32>,
    pub close_connection:
        ::std::option::Option<unsafe extern "C" fn(message: *const ::std::os::raw::c_void)>,
    pub open_struct: ::std::option::Option<
        unsafe extern "C" fn(
            reply: *mut ::std::os::raw::c_void,
            name: *const ::std::os::raw::c_char,
        ) -> i32,
    >,
    pub open_list: ::std::option::Option<
        unsafe extern "C" fn(
            reply: *mut ::std::os::raw::c_void,
            name: *const ::std::os::raw::c_char,
        ) -> i32,
    >,
    pub close:
        ::std::option::Option<unsafe extern "C" fn(reply: *mut ::std::os::raw::c_void) -> i32>,
    pub add_number: ::std::option::Option<
        unsafe extern "C" fn(
            reply: *mut ::std::os::raw::c_void,
            name: *const ::std::os::raw::c_char,
            value: i64,
        ) -> i32,
    >,
    pub add_text: ::std::option::Option<
        unsafe extern "C" fn(
            reply: *mut ::std::os::raw::c_void,
            name: *const ::std::os::raw::c_char,
            text: *const u8,
            len: usize,
        ) -> i32,
    >,
    pub fault: ::std::option::Option<
        unsafe extern "C" fn(
            reply: *mut ::std::os::raw::c_void,
            code: i32,
            sentence: *const ::std::os::raw::c_char,
        ),
    >,
    pub db_process: ::std::option::Option<unsafe extern "C" fn()>,
    pub db_open: ::std::option::Option<
        unsafe extern "C" fn(
            url: *const ::std::os::raw::c_char,
            database: *mut *mut ::std::os::raw::c_void,
        ) -> i32,
    >,
    pub db_select: ::std::option::Option<
        unsafe extern "C" fn(
            database: *mut ::std::os::raw::c_void,
            table: *const ::std::os::raw::c_char,
            columns: *const *const ::std::os::raw::c_char,
            column_count: usize,
            equal: *const palisade_host_field_t,
            equal_count: usize,
        ) -> i32,
    >,
    pub db_row: ::std::option::Option<
        unsafe extern "C" fn(
            database: *mut ::std::os::raw::c_void,
            fields: *mut palisade_host_field_t,
        ) -> i32,
    >,
    pub db_delete: ::std::option::Option<
        unsafe extern "C" fn(
            database: *mut ::std::os::raw::c_void,
            table: *const ::std::os::raw::c_char,
            equal: *const palisade_host_field_t,
            equal_count: usize,
        ) -> i32,
    >,
    pub db_insert: ::std::option::Option<
        unsafe extern "C" fn(
            database: *mut ::std::os::raw::c_void,
            table: *const ::std::os::raw::c_char,
            fields: *const palisade_host_field_t,
            count: usize,
        ) -> i32,
    >,
    pub db_begin:
        ::std::option::Option<unsafe extern "C" fn(database: *mut ::std::os::raw::c_void) -> i32>,
    pub db_commit:
        ::std::option::Option<unsafe extern "C" fn(database: *mut ::std::os::raw::c_void) -> i32>,
    pub db_close:
        ::std::option::Option<unsafe extern "C" fn(database: *mut ::std::os::raw::c_void)>,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of palisade_host"][::std::mem::size_of::<palisade_host>() - 168usize];
    ["Alignment of palisade_host"][::std::mem::align_of::<palisade_host>() - 8usize];
    ["Offset of field: palisade_host::log"][::std::mem::offset_of!(palisade_host, log) - 0usize];
    ["Offset of field: palisade_host::read"][::std::mem::offset_of!(palisade_host, read) - 8usize];
    ["Offset of field: palisade_host::bytes"]
        [::std::mem::offset_of!(palisade_host, bytes) - 16usize];
    ["Offset of field: palisade_host::route"]
        [::std::mem::offset_of!(palisade_host, route) - 24usize];
    ["Offset of field: palisade_host::in_dialog"]
        [::std::mem::offset_of!(palisade_host, in_dialog) - 32usize];
    ["Offset of field: palisade_host::close_connection"]
        [::std::mem::offset_of!(palisade_host, close_connection) - 40usize];
    ["Offset of field: palisade_host::open_struct"]
        [::std::mem::offset_of!(palisade_host, open_struct) - 48usize];
    ["Offset of field: palisade_host::open_list"]
        [::std::mem::offset_of!(palisade_host, open_list) - 56usize];
    ["Offset of field: palisade_host::close"]
        [::std::mem::offset_of!(palisade_host, close) - 64usize];
    ["Offset of field: palisade_host::add_number"]
        [::std::mem::offset_of!(palisade_host, add_number) - 72usize];
    ["Offset of field: palisade_host::add_text"]
        [::std::mem::offset_of!(palisade_host, add_text) - 80usize];
    ["Offset of field: palisade_host::fault"]
        [::std::mem::offset_of!(palisade_host, fault) - 88usize];
    ["Offset of field: palisade_host::db_process"]
        [::std::mem::offset_of!(palisade_host, db_process) - 96usize];
    ["Offset of field: palisade_host::db_open"]
        [::std::mem::offset_of!(palisade_host, db_open) - 104usize];
    ["Offset of field: palisade_host::db_select"]
        [::std::mem::offset_of!(palisade_host, db_select) - 112usize];
    ["Offset of field: palisade_host::db_row"]
        [::std::mem::offset_of!(palisade_host, db_row) - 120usize];
    ["Offset of field: palisade_host::db_delete"]
        [::std::mem::offset_of!(palisade_host, db_delete) - 128usize];
    ["Offset of field: palisade_host::db_insert"]
        [::std::mem::offset_of!(palisade_host, db_insert) - 136usize];
    ["Offset of field: palisade_host::db_begin"]
        [::std::mem::offset_of!(palisade_host, db_begin) - 144usize];
    ["Offset of field: palisade_host::db_commit"]
        [::std::mem::offset_of!(palisade_host, db_commit) - 152usize];
    ["Offset of field: palisade_host::db_close"]
        [::std::mem::offset_of!(palisade_host, db_close) - 160usize];
};
pub type palisade_host_t = palisade_host;
