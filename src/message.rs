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
    /// User of the R-URI as it came, `$oU`.
    UriUser = 9,
    /// User of the To URI, `$tU`.
    ToUser = 10,
    /// Host of the To URI, `$td`.
    ToHost = 11,
    /// Tag of To, `$tt`.
    ToTag = 12,
    /// Tag of From, `$ft`.
    FromTag = 13,
    /// Display name of From, without its quotes.
    FromName = 14,
    /// Username of the digest credentials as it is, `$aU`: with its domain, where it has one.
    AuthName = 15,
    /// The R-URI as it came; empty of a response.
    Uri = 16,
    /// Host of the R-URI as it came, `$od`.
    UriHost = 17,
    /// URI of a contact.
    Contact = 18,
    /// User of it.
    ContactUser = 19,
    /// Host of it.
    ContactHost = 20,
    /// Display name of a contact, without its quotes.
    ContactName = 21,
    /// Host of the URI of a Record-Route.
    RecordRouteHost = 22,
}

/// A message, as far as a check needs it. Parsing happens when a part is asked for, not before.
pub trait Message {
    /// The bytes of a part; empty when the message has none.
    fn part(&self, part: Part) -> &[u8] {
        self.nth(part, 0)
    }

    /// Of the parts that belong to credentials, those of the `index`th set that the message offers:
    /// first the one that was evaluated, or would be. Of contacts, those of the `index`th, in any
    /// order; of Record-Route, 0 is the topmost. Empty after the last, but a part of a contact may be
    /// empty, too: [`Part::Contact`] is not.
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
    pub fn read_credentials(&mut self, message: &impl Message, index: u32) -> bool {
        let user = message.nth(Part::AuthUser, index);
        !user.is_empty() && self.join(user, message.nth(Part::AuthRealm, index))
    }

    /// Reads that of the From URI. False when there is none.
    pub fn read_from(&mut self, message: &impl Message) -> bool {
        let user = message.part(Part::FromUser);
        !user.is_empty() && self.join(user, message.part(Part::FromHost))
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
