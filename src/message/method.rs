//! Methods, as Kamailio reads them.

/// What the host takes a method for. The numbers are those of `enum palisade_host_method`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// No SIP, or a reply without a CSeq.
    #[default]
    None = 0,
    /// None of these.
    Other = 1,
    /// Calls.
    Invite = 2,
    /// Confirms the reply to an INVITE.
    Ack = 3,
    /// Hangs up.
    Bye = 4,
    /// Stops calling.
    Cancel = 5,
    /// Registers.
    Register = 6,
    /// Asks what a server or a phone can do.
    Options = 7,
    /// Confirms a provisional reply.
    Prack = 8,
    /// Changes a call that is not answered yet.
    Update = 9,
    /// Tells something within a call.
    Info = 10,
    /// Wants to be told of a state.
    Subscribe = 11,
    /// Tells of it.
    Notify = 12,
    /// A text.
    Message = 13,
    /// Transfers a call.
    Refer = 14,
    /// Publishes a state.
    Publish = 15,
}

impl Method {
    /// Every method that has a name.
    pub(super) const NAMED: [(Self, &'static str); 14] = [
        (Self::Invite, "INVITE"),
        (Self::Ack, "ACK"),
        (Self::Bye, "BYE"),
        (Self::Cancel, "CANCEL"),
        (Self::Register, "REGISTER"),
        (Self::Options, "OPTIONS"),
        (Self::Prack, "PRACK"),
        (Self::Update, "UPDATE"),
        (Self::Info, "INFO"),
        (Self::Subscribe, "SUBSCRIBE"),
        (Self::Notify, "NOTIFY"),
        (Self::Message, "MESSAGE"),
        (Self::Refer, "REFER"),
        (Self::Publish, "PUBLISH"),
    ];

    /// Its name; `None` of what is none of these.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        let mut named = Self::NAMED.iter();
        named.find(|(method, _)| *method == self).map(|row| row.1)
    }

    /// The method of this number.
    #[must_use]
    pub fn from_number(number: i32) -> Self {
        let mut named = Self::NAMED.iter();
        match named.find(|(method, _)| *method as i32 == number) {
            Some((method, _)) => *method,
            None if number == Self::None as i32 => Self::None,
            None => Self::Other,
        }
    }

    /// As Kamailio reads it (`parse_method_name()` in src/core/parser/parse_methods.c): letters
    /// count the same in either case, though RFC 3261, 7.1 has it otherwise.
    #[must_use]
    pub fn named(text: &[u8]) -> Self {
        let mut named = Self::NAMED.iter();
        match named.find(|(_, name)| text.eq_ignore_ascii_case(name.as_bytes())) {
            Some((method, _)) => *method,
            None if text.is_empty() => Self::None,
            None => Self::Other,
        }
    }
}
