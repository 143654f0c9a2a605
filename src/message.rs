//! What a check may ask of a message, without knowing the host: the host's parser has read it, and
//! its reading is the only one.

use arrayvec::ArrayVec;

/// The texts of a message. The numbers are those of `enum palisade_host_part`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The method as it was written; what it is taken for is [`Reading::method`].
    Method = 0,
    /// Body of User-Agent.
    UserAgent = 1,
    /// Body of Call-ID.
    CallId = 2,
    /// Body of CSeq, `1 REGISTER`.
    CSeq = 3,
    /// User of the From URI, Kamailio's `$fU`.
    FromUser = 4,
    /// Host of the From URI, `$fd`.
    FromHost = 5,
    /// Display name of From, without its quotes.
    FromName = 6,
    /// User of the To URI, `$tU`.
    ToUser = 7,
    /// Host of the To URI, `$td`.
    ToHost = 8,
    /// Tag of To, `$tt`.
    ToTag = 9,
    /// The R-URI as it came; empty of a response.
    Uri = 10,
    /// User of the R-URI as it came, `$oU`.
    UriUser = 11,
    /// Host of the R-URI as it came, `$od`.
    UriHost = 12,
    /// User of digest credentials, `$au`.
    AuthUser = 13,
    /// Realm of the credentials, `$ar`.
    AuthRealm = 14,
    /// Username of the credentials as it is, `$aU`: with its domain, where it has one.
    AuthName = 15,
    /// Body of Authorization or Proxy-Authorization.
    Credentials = 16,
    /// URI of a contact.
    Contact = 17,
    /// User of it.
    ContactUser = 18,
    /// Host of it.
    ContactHost = 19,
    /// Display name of a contact, without its quotes.
    ContactName = 20,
    /// Host of the URI of the topmost Record-Route: [`Message::route`], and in no [`Reading`].
    RecordRouteHost = 21,
}

impl Part {
    /// Every part, in the order of the numbers.
    pub const ALL: [Self; 22] = [
        Self::Method,
        Self::UserAgent,
        Self::CallId,
        Self::CSeq,
        Self::FromUser,
        Self::FromHost,
        Self::FromName,
        Self::ToUser,
        Self::ToHost,
        Self::ToTag,
        Self::Uri,
        Self::UriUser,
        Self::UriHost,
        Self::AuthUser,
        Self::AuthRealm,
        Self::AuthName,
        Self::Credentials,
        Self::Contact,
        Self::ContactUser,
        Self::ContactHost,
        Self::ContactName,
        Self::RecordRouteHost,
    ];
    /// Parts of which a message has one come first.
    pub const SINGLE: usize = 13;
    /// Parts of each set of credentials, and of each contact.
    pub const OF_SET: usize = 4;
}

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
    const NAMED: [(Self, &'static str); 14] = [
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

/// What is there and can't be read, or is too much to be read. The bits are those of
/// `enum palisade_host_unreadable`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unreadable(pub u32);

impl Unreadable {
    /// A header, and all that follow it.
    pub const HEADERS: Self = Self(1);
    /// The R-URI.
    pub const URI: Self = Self(2);
    /// From.
    pub const FROM: Self = Self(4);
    /// To.
    pub const TO: Self = Self(8);
    /// A Contact.
    pub const CONTACT: Self = Self(16);
    /// Credentials.
    pub const CREDENTIALS: Self = Self(32);
    /// More contacts than are looked at.
    pub const MANY_CONTACTS: Self = Self(64);
    /// More sets of credentials than are looked at.
    pub const MANY_CREDENTIALS: Self = Self(128);
    /// A name longer than is looked at, or so much of them.
    pub const LONG_NAME: Self = Self(256);

    const NAMES: [(Self, &'static str); 9] = [
        (Self::HEADERS, "headers"),
        (Self::URI, "uri"),
        (Self::FROM, "from"),
        (Self::TO, "to"),
        (Self::CONTACT, "contact"),
        (Self::CREDENTIALS, "credentials"),
        (Self::MANY_CONTACTS, "many_contacts"),
        (Self::MANY_CREDENTIALS, "many_credentials"),
        (Self::LONG_NAME, "long_name"),
    ];

    /// Nothing.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Any of these.
    #[must_use]
    pub const fn holds(self, any: Self) -> bool {
        self.0 & any.0 != 0
    }

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// `from,contact`
impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let named = Self::NAMES.iter().filter(|(what, _)| self.holds(*what));
        for (index, (_, name)) in named.enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

/// Sets of credentials that are looked at. Nobody honest offers so many.
pub const CREDENTIALS_MAX: usize = 8;

/// Contacts that are looked at. Nobody honest sends so many.
pub const CONTACTS_MAX: usize = 16;

/// Bytes of the longest name (a user, a host, a realm) that is looked at. No name is so long.
pub const NAME_MAX: usize = 512;

/// Bytes of all users of a message together that are looked at: what is looked for in them takes up to
/// seven times as long as reading them.
pub const USERS_MAX: usize = 1024;

/// The texts of a set of credentials, or of a contact.
pub type Set<'m> = [&'m [u8]; Part::OF_SET];

/// What the host has read of a message, once.
#[derive(Clone, Debug, Default)]
pub struct Reading<'m> {
    /// What its method is taken for; of a reply, that of its request.
    pub method: Method,
    /// Is it a request, of SIP?
    pub is_request: bool,
    /// What is there and could not be read.
    pub unreadable: Unreadable,
    single: [&'m [u8]; Part::SINGLE],
    credentials: ArrayVec<Set<'m>, CREDENTIALS_MAX>,
    contacts: ArrayVec<Set<'m>, CONTACTS_MAX>,
}

impl<'m> Reading<'m> {
    /// Where users are named.
    const USERS: [Part; 5] = [
        Part::UriUser,
        Part::FromUser,
        Part::ToUser,
        Part::ContactUser,
        Part::AuthName,
    ];

    /// Of the parts of which there is one, in their order.
    #[must_use]
    pub fn new(method: Method, single: [&'m [u8]; Part::SINGLE]) -> Self {
        Self {
            method,
            single,
            ..Self::default()
        }
    }

    /// The bytes of a part; empty when the message has none. Of credentials, it is that of those
    /// that were evaluated, or would be first.
    #[must_use]
    pub fn part(&self, part: Part) -> &'m [u8] {
        self.nth(part, 0)
    }

    /// That of the `index`th set of credentials, or contact; of other parts there is one.
    #[must_use]
    pub fn nth(&self, part: Part, index: usize) -> &'m [u8] {
        match self.single.get(part as usize) {
            Some(text) if index == 0 => text,
            Some(_) => b"",
            None => self.values(part).nth(index).unwrap_or_default(),
        }
    }

    /// All of a part, in the order of the sets; some may be empty.
    pub fn values(&self, part: Part) -> impl Iterator<Item = &'m [u8]> {
        let number = part as usize;
        let (single, sets, first) = if number < Part::SINGLE {
            (&self.single[number..=number], &[][..], number)
        } else if number < Part::Contact as usize {
            (&[][..], &self.credentials[..], Part::AuthUser as usize)
        } else {
            (&[][..], &self.contacts[..], Part::Contact as usize)
        };
        let of_set = move |set: &Set<'m>| set.get(number - first).copied().unwrap_or_default();
        single.iter().copied().chain(sets.iter().map(of_set))
    }

    /// How many sets of credentials there are that could be read.
    #[must_use]
    pub fn offered(&self) -> usize {
        self.credentials.len()
    }

    /// Notes a part. For hosts: what has no room is noted as unreadable.
    pub fn put(&mut self, part: Part, index: usize, text: &'m [u8]) {
        let number = part as usize;
        if number < Part::SINGLE {
            self.single[number] = text;
        } else if number < Part::Contact as usize {
            if !put_in(
                &mut self.credentials,
                index,
                number - Part::AuthUser as usize,
                text,
            ) {
                self.unreadable = self.unreadable.and(Unreadable::MANY_CREDENTIALS);
            }
        } else if number < Part::RecordRouteHost as usize
            && !put_in(
                &mut self.contacts,
                index,
                number - Part::Contact as usize,
                text,
            )
        {
            self.unreadable = self.unreadable.and(Unreadable::MANY_CONTACTS);
        }
    }

    /// Notes a whole set of credentials, in the order of the parts.
    pub fn add_credentials(&mut self, set: Set<'m>) {
        if self.credentials.try_push(set).is_err() {
            self.unreadable = self.unreadable.and(Unreadable::MANY_CREDENTIALS);
        }
    }

    /// Notes a whole contact, in the order of the parts.
    pub fn add_contact(&mut self, set: Set<'m>) {
        if self.contacts.try_push(set).is_err() {
            self.unreadable = self.unreadable.and(Unreadable::MANY_CONTACTS);
        }
    }

    /// What could not be read; names that are longer than is looked at; and credentials that another
    /// server would read differently.
    #[must_use]
    pub fn all_unreadable(&self) -> Unreadable {
        let mut all = self.unreadable;
        if self.method == Method::Other {
            // Kamailio's parser gives up at a CSeq whose method has letters it doesn't expect (RFC
            // 4475, 3.1.1.2 and 3.1.1.5); no server behind registers, calls or authenticates by such
            // a method.
            all.0 &= !Unreadable::HEADERS.0;
        }
        let users = Self::USERS.iter().flat_map(|&part| self.values(part));
        if self.names().any(|name| name.len() > NAME_MAX)
            || users.map(<[u8]>::len).sum::<usize>() > USERS_MAX
        {
            all = all.and(Unreadable::LONG_NAME);
        }
        if self.credentials.iter().any(|set| !is_unambiguous(set[3])) {
            all = all.and(Unreadable::CREDENTIALS);
        }
        all
    }

    fn names(&self) -> impl Iterator<Item = &'m [u8]> {
        const SINGLE: [Part; 6] = [
            Part::FromUser,
            Part::FromHost,
            Part::ToUser,
            Part::ToHost,
            Part::UriUser,
            Part::UriHost,
        ];
        let of_credentials = self.credentials.iter().flat_map(|set| &set[..3]);
        let of_contacts = self.contacts.iter().flat_map(|set| &set[1..3]);
        let of_sets = of_credentials.chain(of_contacts).copied();
        SINGLE.iter().map(|&part| self.part(part)).chain(of_sets)
    }
}

/// Does a comma, or the end, follow every quoted value of these credentials? Kamailio ends a value at
/// the next quote, whatever stands before it (`parse_quoted()` in
/// src/core/parser/digest/digest_parser.c), and reads on; a server that knows `\"` reads another name.
fn is_unambiguous(credentials: &[u8]) -> bool {
    let mut is_open = false;
    let mut quotes = memchr::memchr_iter(b'"', credentials).peekable();
    while let Some(at) = quotes.next() {
        is_open = !is_open;
        let next = quotes.peek().copied().unwrap_or(credentials.len());
        let after = credentials[at + 1..next].trim_ascii_start();
        let ends = match after.first() {
            Some(byte) => *byte == b',',
            None => quotes.peek().is_none(),
        };
        if !is_open && !ends {
            return false;
        }
    }
    !is_open
}

/// False: no room.
fn put_in<'m, const ROOM: usize>(
    sets: &mut ArrayVec<Set<'m>, ROOM>,
    index: usize,
    part: usize,
    text: &'m [u8],
) -> bool {
    while sets.len() <= index {
        if sets.try_push(Set::default()).is_err() {
            return false;
        }
    }
    sets[index][part] = text;
    true
}

/// A message of a host's. It is read when a check asks for it, not before.
pub trait Message {
    /// Reads it.
    fn read(&self) -> Reading<'_>;

    /// Host of the URI of the topmost Record-Route; empty where there is none.
    fn route(&self) -> &[u8] {
        b""
    }

    /// Does it belong to a dialog that the host knows? `None`: the host keeps no dialogs.
    fn is_in_dialog(&self) -> Option<bool> {
        None
    }

    /// Has the edge charged it to its source?
    fn was_charged(&self) -> bool {
        false
    }

    /// Did it come on a connection? Then its sender receives what is sent to its address.
    fn is_on_connection(&self) -> bool {
        false
    }

    /// Closes the connection it came on, if it came on one.
    fn close_connection(&self) {}
}

/// A message that has nothing: a check of a bare address.
#[derive(Clone, Copy, Debug)]
pub struct NoMessage;

impl Message for NoMessage {
    fn read(&self) -> Reading<'_> {
        Reading::default()
    }
}

/// Bytes of the longest user's name that is put together from its parts.
const NAME_BYTES: usize = 512;

/// `user@domain` of a message, cut at 512 bytes.
#[derive(Debug)]
pub struct UserName {
    bytes: [u8; NAME_BYTES],
    used: usize,
}

/// None yet. It is read to where it stands: half a kilobyte is not for moving about.
impl Default for UserName {
    fn default() -> Self {
        Self {
            bytes: [0; NAME_BYTES],
            used: 0,
        }
    }
}

impl UserName {
    /// Reads that of the `index`th credentials that the message offers. False when there is none.
    pub fn read_credentials(&mut self, reading: &Reading<'_>, index: usize) -> bool {
        let user = reading.nth(Part::AuthUser, index);
        !user.is_empty() && self.join(user, reading.nth(Part::AuthRealm, index))
    }

    /// Reads that of the From URI. False when there is none.
    pub fn read_from(&mut self, reading: &Reading<'_>) -> bool {
        let user = reading.part(Part::FromUser);
        !user.is_empty() && self.join(user, reading.part(Part::FromHost))
    }

    /// The name.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.used]
    }

    fn join(&mut self, user: &[u8], domain: &[u8]) -> bool {
        self.used = 0;
        self.push(user);
        self.push(b"@");
        self.push(domain);
        true
    }

    fn push(&mut self, text: &[u8]) {
        let room = &mut self.bytes[self.used..];
        let fits = text.len().min(room.len());
        room[..fits].copy_from_slice(&text[..fits]);
        self.used += fits;
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn credentials_that_two_servers_read_differently() {
        for (text, expected) in [
            (r#"Digest username="a", realm="b""#, true),
            (r#"Digest username="a" , realm=b"#, true),
            (r#"Digest username="", realm="""#, true),
            ("Digest username=a", true),
            ("", true),
            (r#"Digest username="a" or 1=1--", realm="b""#, false),
            (r#"Digest username="a\" or 1=1--", realm="b""#, false),
            (r#"Digest username="a""b", realm="b""#, false),
            (r#"Digest username="a" "b""#, false),
            (r#"Digest username="a"#, false),
            (r#"Digest username="a"x"#, false),
        ] {
            assert_eq!(is_unambiguous(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn every_method_has_one_number_and_one_name() {
        for (method, name) in Method::NAMED {
            assert_eq!(Method::from_number(method as i32), method);
            assert_eq!(Method::named(name.to_lowercase().as_bytes()), method);
            assert_eq!(method.name(), Some(name));
        }
        for (number, expected) in [(0, Method::None), (1, Method::Other), (99, Method::Other)] {
            assert_eq!(Method::from_number(number), expected);
            assert_eq!(expected.name(), None);
        }
        assert_eq!(Method::named(b"INVITES"), Method::Other);
        assert_eq!(Method::named(b""), Method::None);
    }

    #[test]
    fn a_part_is_found_where_it_was_put() {
        let mut reading = Reading::default();
        for part in Part::ALL {
            reading.put(part, 0, b"first");
            reading.put(part, 1, b"second");
        }
        for part in Part::ALL {
            let is_single = (part as usize) < Part::SINGLE;
            let expected = match part {
                Part::RecordRouteHost => [&b""[..], b""],
                _ if is_single => [&b"second"[..], b""],
                _ => [&b"first"[..], b"second"],
            };
            assert_eq!(
                [0, 1].map(|index| reading.nth(part, index)),
                expected,
                "{part:?}"
            );
        }
        assert_eq!(reading.offered(), 2);
        assert!(reading.all_unreadable().is_empty());
    }

    #[test]
    fn what_cannot_be_read_has_a_name() {
        let all = Unreadable::NAMES
            .iter()
            .fold(Unreadable::default(), |all, row| all.and(row.0));
        let names: Vec<_> = Unreadable::NAMES.iter().map(|row| row.1).collect();
        assert_eq!(all.to_string(), names.join(","));
        assert_eq!(Unreadable::default().to_string(), "");
    }
}
