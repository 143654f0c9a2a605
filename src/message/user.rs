//! Users as the auth counter has them: `user@domain`.

use super::{Message, Part};

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
    pub fn read_credentials(&mut self, message: &impl Message, index: usize) -> bool {
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
