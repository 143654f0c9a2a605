//! What a check may ask of a message, without knowing the host.

/// Parts of a message. The numbers are those of `enum palisade_host_part`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `REGISTER`.
    Method = 0,
    /// Body of User-Agent.
    UserAgent = 1,
    /// User of the digest credentials, Kamailio's `$au`.
    AuthUser = 2,
    /// Realm of the credentials, `$ar`.
    AuthRealm = 3,
    /// User of the From URI, `$fU`.
    FromUser = 4,
    /// Host of the From URI, `$fd`.
    FromHost = 5,
    /// Body of Call-ID.
    CallId = 6,
    /// Body of CSeq, `1 REGISTER`.
    CSeq = 7,
    /// Body of Authorization or Proxy-Authorization.
    Credentials = 8,
}

/// A message, as far as a check needs it. Parsing happens when a part is asked for, not before.
pub trait Message {
    /// The bytes of a part; empty when the message has none.
    fn part(&self, part: Part) -> &[u8] {
        self.nth(part, 0)
    }

    /// Of the parts that belong to credentials, those of the `index`th set that the message offers:
    /// first the one that was evaluated, or would be. Empty after the last.
    fn nth(&self, part: Part, index: u32) -> &[u8];

    /// Did it pass the edge, which sees datagrams alone?
    fn passed_edge(&self) -> bool {
        false
    }

    /// Closes the connection it came on, if it came on one.
    fn close_connection(&self) {}
}

/// A message that has nothing: a check of a bare address.
#[derive(Clone, Copy, Debug)]
pub struct NoMessage;

impl Message for NoMessage {
    fn nth(&self, _part: Part, _index: u32) -> &[u8] {
        &[]
    }
}

/// Bytes of the longest user's name that is put together from its parts.
const NAME_BYTES: usize = 512;

/// `user@domain` of a message, cut at 512 bytes.
#[derive(Clone, Copy, Debug)]
pub struct UserName {
    bytes: [u8; NAME_BYTES],
    used: usize,
}

impl UserName {
    /// Of the `index`th credentials that the message offers.
    #[must_use]
    pub fn of_credentials(message: &impl Message, index: u32) -> Option<Self> {
        Self::join(
            message.nth(Part::AuthUser, index),
            message.nth(Part::AuthRealm, index),
        )
    }

    /// Of the From URI.
    #[must_use]
    pub fn of_from(message: &impl Message) -> Option<Self> {
        Self::join(message.part(Part::FromUser), message.part(Part::FromHost))
    }

    /// The name.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.used]
    }

    fn join(user: &[u8], domain: &[u8]) -> Option<Self> {
        if user.is_empty() {
            return None;
        }
        let mut name = Self {
            bytes: [0; NAME_BYTES],
            used: 0,
        };
        name.push(user);
        name.push(b"@");
        name.push(domain);
        Some(name)
    }

    fn push(&mut self, text: &[u8]) {
        let room = &mut self.bytes[self.used..];
        let fits = text.len().min(room.len());
        room[..fits].copy_from_slice(&text[..fits]);
        self.used += fits;
    }
}
