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
pub type palisade_host_part = ::std::os::raw::c_uint;
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
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of palisade_host"][::std::mem::size_of::<palisade_host>() - 72usize];
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
};
pub type palisade_host_t = palisade_host;
