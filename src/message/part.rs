//! The texts of a message, by name.

/// The texts of a message. The numbers are those of `enum palisade_host_part`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The method as it was written; what it is taken for is [`super::Message::method`].
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
    /// Host of the URI of the topmost Record-Route: [`super::Message::route`], and in no reading.
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
