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
pub const PALISADE_PART_METHOD: palisade_host_part = 0;
pub const PALISADE_PART_USER_AGENT: palisade_host_part = 1;
pub const PALISADE_PART_AUTH_USER: palisade_host_part = 2;
pub const PALISADE_PART_AUTH_REALM: palisade_host_part = 3;
pub const PALISADE_PART_FROM_USER: palisade_host_part = 4;
pub const PALISADE_PART_FROM_HOST: palisade_host_part = 5;
pub const PALISADE_PART_CALL_ID: palisade_host_part = 6;
pub const PALISADE_PART_CSEQ: palisade_host_part = 7;
pub const PALISADE_PART_CREDENTIALS: palisade_host_part = 8;
pub const PALISADE_PART_URI_USER: palisade_host_part = 9;
pub const PALISADE_PART_TO_USER: palisade_host_part = 10;
pub const PALISADE_PART_TO_HOST: palisade_host_part = 11;
pub const PALISADE_PART_TO_TAG: palisade_host_part = 12;
pub const PALISADE_PART_FROM_TAG: palisade_host_part = 13;
pub const PALISADE_PART_FROM_NAME: palisade_host_part = 14;
pub const PALISADE_PART_AUTH_NAME: palisade_host_part = 15;
pub const PALISADE_PART_URI: palisade_host_part = 16;
pub const PALISADE_PART_URI_HOST: palisade_host_part = 17;
pub const PALISADE_PART_CONTACT: palisade_host_part = 18;
pub const PALISADE_PART_CONTACT_USER: palisade_host_part = 19;
pub const PALISADE_PART_CONTACT_HOST: palisade_host_part = 20;
pub const PALISADE_PART_CONTACT_NAME: palisade_host_part = 21;
pub const PALISADE_PART_RECORD_ROUTE_HOST: palisade_host_part = 22;
pub type palisade_host_part = ::std::os::raw::c_uint;
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
    pub text: ::std::option::Option<
        unsafe extern "C" fn(
            message: *const ::std::os::raw::c_void,
            part: i32,
            index: u32,
        ) -> palisade_host_text_t,
    >,
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
    ["Size of palisade_host"][::std::mem::size_of::<palisade_host>() - 144usize];
    ["Alignment of palisade_host"][::std::mem::align_of::<palisade_host>() - 8usize];
    ["Offset of field: palisade_host::log"][::std::mem::offset_of!(palisade_host, log) - 0usize];
    ["Offset of field: palisade_host::text"][::std::mem::offset_of!(palisade_host, text) - 8usize];
    ["Offset of field: palisade_host::close_connection"]
        [::std::mem::offset_of!(palisade_host, close_connection) - 16usize];
    ["Offset of field: palisade_host::open_struct"]
        [::std::mem::offset_of!(palisade_host, open_struct) - 24usize];
    ["Offset of field: palisade_host::open_list"]
        [::std::mem::offset_of!(palisade_host, open_list) - 32usize];
    ["Offset of field: palisade_host::close"]
        [::std::mem::offset_of!(palisade_host, close) - 40usize];
    ["Offset of field: palisade_host::add_number"]
        [::std::mem::offset_of!(palisade_host, add_number) - 48usize];
    ["Offset of field: palisade_host::add_text"]
        [::std::mem::offset_of!(palisade_host, add_text) - 56usize];
    ["Offset of field: palisade_host::fault"]
        [::std::mem::offset_of!(palisade_host, fault) - 64usize];
    ["Offset of field: palisade_host::db_process"]
        [::std::mem::offset_of!(palisade_host, db_process) - 72usize];
    ["Offset of field: palisade_host::db_open"]
        [::std::mem::offset_of!(palisade_host, db_open) - 80usize];
    ["Offset of field: palisade_host::db_select"]
        [::std::mem::offset_of!(palisade_host, db_select) - 88usize];
    ["Offset of field: palisade_host::db_row"]
        [::std::mem::offset_of!(palisade_host, db_row) - 96usize];
    ["Offset of field: palisade_host::db_delete"]
        [::std::mem::offset_of!(palisade_host, db_delete) - 104usize];
    ["Offset of field: palisade_host::db_insert"]
        [::std::mem::offset_of!(palisade_host, db_insert) - 112usize];
    ["Offset of field: palisade_host::db_begin"]
        [::std::mem::offset_of!(palisade_host, db_begin) - 120usize];
    ["Offset of field: palisade_host::db_commit"]
        [::std::mem::offset_of!(palisade_host, db_commit) - 128usize];
    ["Offset of field: palisade_host::db_close"]
        [::std::mem::offset_of!(palisade_host, db_close) - 136usize];
};
pub type palisade_host_t = palisade_host;
