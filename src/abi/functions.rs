//! The functions of the routing script, a row each: their names in kamailio.cfg and in KEMI, what they
//! take, and what they call. From here follow the exports of the module (`kamailio-glue/tables.h`) and
//! the table in docs/functions.md; `tests/drift.rs` keeps the one, `tests/documents.rs` the other.

/// What a form of a function takes, beside the message at hand, and how the glue calls it. The names
/// are macros of `kamailio-glue/functions.c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing; calls with the message.
    Message,
    /// Nothing; calls with the message and no text.
    MessageNoText,
    /// A text.
    MessageText,
    /// A number.
    MessageNumber,
    /// A number and a text.
    MessageNumberText,
    /// A text and a number.
    MessageTextNumber,
    /// A text, which the message has no part in.
    Text,
    /// Two of them.
    TextText,
    /// A text and a number of seconds.
    TextSeconds,
    /// The same, and another text.
    TextSecondsText,
    /// Nothing; calls with Kamailio's own message.
    Script,
}

impl Takes {
    /// The macro's name, and the types of the arguments as the documents have them.
    #[must_use]
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Message => ("MESSAGE", ""),
            Self::MessageNoText => ("MESSAGE_NO_TEXT", ""),
            Self::MessageText => ("MESSAGE_TEXT", "text"),
            Self::MessageNumber => ("MESSAGE_NUMBER", "number"),
            Self::MessageNumberText => ("MESSAGE_NUMBER_TEXT", "number, text"),
            Self::MessageTextNumber => ("MESSAGE_TEXT_NUMBER", "text, number"),
            Self::Text => ("TEXT", "text"),
            Self::TextText => ("TEXT_TEXT", "text, text"),
            Self::TextSeconds => ("TEXT_SECONDS", "text, number"),
            Self::TextSecondsText => ("TEXT_SECONDS_TEXT", "text, number, text"),
            Self::Script => ("SCRIPT", ""),
        }
    }
}

/// One number of arguments of a function: in kamailio.cfg it has the function's name, in KEMI, which
/// knows no optional arguments, one of its own.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// `KSR.palisade.…`
    pub kemi: &'static str,
    /// Its arguments.
    pub takes: Takes,
    /// A function of `include/palisade.h`, or of the glue.
    pub calls: &'static str,
}

/// A function of the routing script.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// Its name in kamailio.cfg.
    pub name: &'static str,
    /// One for each number of arguments.
    pub forms: &'static [Form],
}

const fn form(kemi: &'static str, takes: Takes, calls: &'static str) -> Form {
    Form { kemi, takes, calls }
}

macro_rules! functions {
    ($($name:ident: $($kemi:ident $takes:ident $calls:ident),+;)+) => {
        &[$(Function {
            name: stringify!($name),
            forms: &[$(form(stringify!($kemi), Takes::$takes, stringify!($calls))),+],
        }),+]
    };
}

/// Every function.
pub const FUNCTIONS: &[Function] = functions! {
    palisade_check: check Message palisade_check;
    pike_check_req: pike_check_req Message palisade_rate_check;
    pike_check_ip: pike_check_ip Text palisade_rate_check_ip;
    palisade_ban: ban Text palisade_ban,
        ban_for TextSeconds palisade_ban_for,
        ban_reason TextSecondsText palisade_ban_reason;
    palisade_unban: unban Text palisade_unban;
    palisade_is_banned: is_banned Message palisade_is_banned,
        is_banned_key Text palisade_is_banned_key;
    palisade_auth_result: auth_result MessageNumber challenge_auth_result,
        auth_result_user MessageNumberText challenge_auth_result;
    palisade_auth_failed: auth_failed MessageNoText palisade_auth_failed,
        auth_failed_user MessageText palisade_auth_failed;
    palisade_auth_ok: auth_ok MessageNoText palisade_auth_ok,
        auth_ok_user MessageText palisade_auth_ok;
    palisade_auth_blocked: auth_blocked MessageNoText palisade_auth_blocked,
        auth_blocked_user MessageText palisade_auth_blocked;
    palisade_check_agent: check_agent MessageNoText palisade_check_agent,
        check_agent_text MessageText palisade_check_agent;
    palisade_reply: reply Script reply_judge;
    palisade_signal: signal MessageText palisade_signal_once,
        signal_weight MessageTextNumber palisade_signal;
    palisade_check_sqli: check_sqli MessageNoText palisade_check_sqli,
        check_sqli_text MessageText palisade_check_sqli;
    palisade_check_contact: check_contact Message palisade_check_contact;
    palisade_check_route: check_route Message palisade_check_route;
    palisade_check_country: check_country MessageNoText palisade_check_country,
        check_country_ip MessageText palisade_check_country;
    palisade_check_destination: check_destination MessageNoText palisade_check_destination,
        check_destination_number MessageText palisade_check_destination;
    palisade_in_list: in_list MessageText palisade_in_list,
        in_list_value TextText palisade_value_in_list;
};
