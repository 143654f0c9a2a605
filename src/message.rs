//! What a check may ask of a message, without knowing the host: the host's parser has read it, and
//! its reading is the only one.

use arrayvec::ArrayVec;

mod method;
mod part;
mod unreadable;
mod user;

pub use method::Method;
pub use part::Part;
pub use unreadable::Unreadable;
pub use user::UserName;

/// Sets of credentials that are looked at. Nobody honest offers so many.
pub const CREDENTIALS_MAX: usize = 4;

/// Contacts that are looked at. Nobody honest sends so many.
pub const CONTACTS_MAX: usize = 16;

/// Bytes of the longest name (a user, a host, a realm) that is looked at. No name is so long.
///
/// Nor is the user of all credentials of a message with their realms.
pub const NAME_MAX: usize = 512;

/// The part of a name that is looked at.
#[must_use]
pub fn looked_at(name: &[u8]) -> &[u8] {
    name.get(..NAME_MAX).unwrap_or(name)
}

/// Bytes of all users of a message together that are looked at: what is looked for in them takes up to
/// seven times as long as reading them.
pub const USERS_MAX: usize = 1024;

/// Bytes of all hosts and display names together: lists of parts and expressions take ten times as long.
pub const HOSTS_MAX: usize = 640;

/// Bytes of a set of credentials that are looked at.
const SET_MAX: usize = 4096;

/// Quotes in it. RFC 7616 has eight values that stand in two each.
const QUOTES_MAX: usize = 64;

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

    /// What users are counted by.
    const COUNTED: [Part; 2] = [Part::AuthName, Part::AuthRealm];

    /// What lists of any kind may be about, but for users.
    const HOSTS: [Part; 6] = [
        Part::UriHost,
        Part::FromHost,
        Part::FromName,
        Part::ToHost,
        Part::ContactHost,
        Part::ContactName,
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
        let bytes = |parts: &[Part]| -> usize {
            let texts = parts.iter().flat_map(|&part| self.values(part));
            texts.map(<[u8]>::len).sum()
        };
        if self.names().any(|name| name.len() > NAME_MAX)
            || bytes(&Self::USERS) > USERS_MAX
            || bytes(&Self::COUNTED) > NAME_MAX
            || bytes(&Self::HOSTS) > HOSTS_MAX
        {
            all = all.and(Unreadable::LONG_NAME);
        }
        if self.credentials.iter().any(|set| !is_unambiguous(set[3])) {
            all = all.and(Unreadable::CREDENTIALS);
        }
        all
    }

    fn names(&self) -> impl Iterator<Item = &'m [u8]> {
        const SINGLE: [Part; 7] = [
            Part::FromUser,
            Part::FromHost,
            Part::FromName,
            Part::ToUser,
            Part::ToHost,
            Part::UriUser,
            Part::UriHost,
        ];
        let of_credentials = self.credentials.iter().flat_map(|set| &set[..3]);
        let of_contacts = self.contacts.iter().flat_map(|set| &set[1..]);
        let of_sets = of_credentials.chain(of_contacts).copied();
        SINGLE.iter().map(|&part| self.part(part)).chain(of_sets)
    }
}

/// Does a comma, or the end, follow every quoted value of these credentials? Kamailio ends a value at
/// the next quote, whatever stands before it (`parse_quoted()` in
/// src/core/parser/digest/digest_parser.c), and reads on; a server that knows `\"` reads another name.
fn is_unambiguous(credentials: &[u8]) -> bool {
    let quotes = memchr::memchr_iter(b'"', credentials);
    if credentials.len() > SET_MAX || quotes.take(QUOTES_MAX + 1).count() > QUOTES_MAX {
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

#[cfg(all(test, not(loom)))]
mod tests;
