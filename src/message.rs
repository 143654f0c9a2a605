//! What a check may ask of a message, without knowing the host: the host's parser has read it, and
//! its reading is the only one.

mod method;
mod part;
mod unreadable;
mod user;

pub use method::Method;
pub use part::Part;
pub use unreadable::Unreadable;
pub use user::UserName;

/// Sets of credentials that are looked at. Nobody honest offers so many.
pub const CREDENTIALS_MAX: usize = 3;

/// Contacts that are looked at. Nobody honest sends so many.
pub const CONTACTS_MAX: usize = 8;

/// Bytes of the longest name (a user, a host, a realm) that is looked at. No name is so long.
pub const NAME_MAX: usize = 512;

/// Bytes of what users are counted by, together: the users of all credentials, and their realms.
pub const COUNTED_MAX: usize = 384;

/// The part of a name that is looked at.
#[must_use]
pub fn looked_at(name: &[u8]) -> &[u8] {
    name.get(..NAME_MAX).unwrap_or(name)
}

/// Bytes of all users of a message together that are looked at: what is looked for in them takes up to
/// seven times as long as reading them.
pub const USERS_MAX: usize = 768;

/// Bytes of all hosts and display names together: lists of parts and expressions take ten times as long.
pub const HOSTS_MAX: usize = 640;

/// Bytes of a User-Agent that are looked at: a regular expression takes its time for each.
pub const AGENT_MAX: usize = 2048;

/// Bytes of a set of credentials that are looked at.
const SET_MAX: usize = 4096;

/// Quotes in it. RFC 7616 has eight values that stand in two each.
const QUOTES_MAX: usize = 64;

/// Equals signs in it.
const PARAMETERS_MAX: usize = 64;

/// How a message came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Came {
    /// The port that it was sent from; 0: not known.
    pub port: u16,
    /// On a connection: its sender receives what is sent to its address.
    pub is_on_connection: bool,
    /// The edge has charged it to its source.
    pub was_charged: bool,
    /// The edge has let it through where its source is closed to strangers.
    pub was_spared: bool,
}

/// A message of a host's, as the host has read it.
pub trait Message {
    /// What its method is taken for; of a reply, that of its request.
    fn method(&self) -> Method;

    /// Is it a request, of SIP?
    fn is_request(&self) -> bool;

    /// What is there and the host could not read.
    fn unreadable(&self) -> Unreadable;

    /// Has the host itself evaluated the first set of credentials?
    fn is_evaluated(&self) -> bool {
        false
    }

    /// How many there are of a part: one, or as many as there are credentials that could be read, or contacts.
    fn count(&self, part: Part) -> usize;

    /// The bytes of the `index`th of a part; empty when the message has none.
    fn nth(&self, part: Part, index: usize) -> &[u8];

    /// Host of the URI of the topmost Record-Route; empty where there is none.
    fn route(&self) -> &[u8] {
        b""
    }

    /// Does it belong to a dialog that the host knows? `None`: the host keeps no dialogs.
    fn is_in_dialog(&self) -> Option<bool> {
        None
    }

    /// How it came.
    fn came(&self) -> Came {
        Came::default()
    }

    /// All its bytes, as they came; empty where the host does not have them any more.
    fn bytes(&self) -> &[u8] {
        b""
    }

    /// Closes the connection it came on, if it came on one.
    fn close_connection(&self) {}

    /// What [`judge`](Self::judge) has noted; `None`: nothing yet.
    fn judged(&self) -> Option<Unreadable> {
        None
    }

    /// Notes what of it can't be read, all in all: it is looked for once, however many checks ask.
    fn judge(&self, _unreadable: Unreadable) {}

    /// Is this the first time that it is counted as one that can't be read?
    fn is_newly_counted(&self) -> bool {
        true
    }

    /// The bytes of a part. Of credentials, it is that of those that were evaluated, or would be
    /// first.
    #[inline]
    fn part(&self, part: Part) -> &[u8] {
        self.nth(part, 0)
    }

    /// All of a part; some may be empty.
    #[inline]
    fn values(&self, part: Part) -> impl Iterator<Item = &[u8]> {
        (0..self.count(part)).map(move |index| self.nth(part, index))
    }

    /// How many sets of credentials there are that could be read.
    #[inline]
    fn offered(&self) -> usize {
        self.count(Part::AuthUser)
    }
}

/// What of a message the host could not read; names that are longer than is looked at; and
/// credentials that another server would read differently.
pub fn unreadable(message: &impl Message) -> Unreadable {
    let mut all = message.unreadable();
    if message.method() == Method::Other && !all.holds(Unreadable::CREDENTIALS) {
        // Kamailio's parser gives up at names of headers that have letters it doesn't expect (RFC
        // 4475, 3.1.1.2 and 3.1.1.5); no server behind registers or calls by such a method.
        all.0 &= !Unreadable::HEADERS.0;
    }
    if is_long(message) {
        all = all.and(Unreadable::LONG_NAME);
    }
    if !message.values(Part::Credentials).all(is_unambiguous) {
        all = all.and(Unreadable::CREDENTIALS);
    }
    all
}

/// Is a name, or are all together, longer than is looked at?
fn is_long(message: &impl Message) -> bool {
    let lengths = |parts: &[Part]| {
        let mut lengths = Lengths::default();
        for &part in parts {
            message.values(part).for_each(|text| lengths.add(text));
        }
        lengths
    };
    let users = lengths(&[
        Part::UriUser,
        Part::FromUser,
        Part::ToUser,
        Part::ContactUser,
        Part::AuthName,
    ]);
    let hosts = lengths(&[
        Part::UriHost,
        Part::FromHost,
        Part::FromName,
        Part::ToHost,
        Part::ContactHost,
        Part::ContactName,
    ]);
    let counted = lengths(&[Part::AuthName, Part::AuthRealm]);
    let longest = users.longest.max(hosts.longest).max(counted.longest);
    message.part(Part::UserAgent).len() > AGENT_MAX
        || users.sum > USERS_MAX
        || hosts.sum > HOSTS_MAX
        || counted.sum > COUNTED_MAX
        || longest > NAME_MAX
}

/// Of several texts, in bytes.
#[derive(Clone, Copy, Default)]
struct Lengths {
    sum: usize,
    longest: usize,
}

impl Lengths {
    fn add(&mut self, text: &[u8]) {
        self.sum += text.len();
        self.longest = self.longest.max(text.len());
    }
}

/// Does a comma, or the end, follow every quoted value of these credentials? Kamailio ends a value at
/// the next quote, whatever stands before it (`parse_quoted()` in
/// src/core/parser/digest/digest_parser.c), and reads on; a server that knows `\"` reads another name.
fn is_unambiguous(credentials: &[u8]) -> bool {
    let quotes = memchr::memchr_iter(b'"', credentials);
    if credentials.len() > SET_MAX
        || quotes.take(QUOTES_MAX + 1).count() > QUOTES_MAX
        || names_several(credentials)
    {
        return false;
    }
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

/// Do these credentials name a user more than once, or have too many parameters to tell? Kamailio takes the last. `chan_sip` looks for
/// `username=` behind any blank or comma, in a quoted value too, and knows no blank before the `=`.
fn names_several(credentials: &[u8]) -> bool {
    const NAME: &[u8] = b"username";
    let is_name = |&at: &usize| {
        let before = credentials[..at].trim_ascii_end();
        let name = before.len().checked_sub(NAME.len());
        name.is_some_and(|from| before[from..].eq_ignore_ascii_case(NAME))
    };
    let equals = || memchr::memchr_iter(b'=', credentials);
    equals().nth(PARAMETERS_MAX).is_some() || equals().filter(is_name).nth(1).is_some()
}

/// A message that has nothing: a check of a bare address.
#[derive(Clone, Copy, Debug)]
pub struct NoMessage;

impl Message for NoMessage {
    fn method(&self) -> Method {
        Method::None
    }

    fn is_request(&self) -> bool {
        false
    }

    fn unreadable(&self) -> Unreadable {
        Unreadable::default()
    }

    fn count(&self, _part: Part) -> usize {
        0
    }

    fn nth(&self, _part: Part, _index: usize) -> &[u8] {
        b""
    }
}

/// A datagram that is not parsed yet.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// The port that it came from.
    pub port: u16,
    /// All of it.
    pub bytes: &'a [u8],
}

impl Message for Datagram<'_> {
    fn method(&self) -> Method {
        Method::None
    }

    fn is_request(&self) -> bool {
        false
    }

    fn unreadable(&self) -> Unreadable {
        Unreadable::default()
    }

    fn count(&self, _part: Part) -> usize {
        0
    }

    fn nth(&self, _part: Part, _index: usize) -> &[u8] {
        b""
    }

    fn came(&self) -> Came {
        Came {
            port: self.port,
            ..Came::default()
        }
    }

    fn bytes(&self) -> &[u8] {
        self.bytes
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
