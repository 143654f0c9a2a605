//! What is there and can't be read.

use std::fmt;

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
    /// More headers than are looked at.
    pub const MANY_HEADERS: Self = Self(256);
    /// A name longer than is looked at, or so much of them.
    pub const LONG_NAME: Self = Self(512);

    pub(super) const NAMES: [(Self, &'static str); 10] = [
        (Self::HEADERS, "headers"),
        (Self::URI, "uri"),
        (Self::FROM, "from"),
        (Self::TO, "to"),
        (Self::CONTACT, "contact"),
        (Self::CREDENTIALS, "credentials"),
        (Self::MANY_CONTACTS, "many_contacts"),
        (Self::MANY_CREDENTIALS, "many_credentials"),
        (Self::MANY_HEADERS, "many_headers"),
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
impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
