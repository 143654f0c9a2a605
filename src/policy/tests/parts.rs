//! A message made of its parts.

use std::collections::HashMap;

use crate::message::{CONTACTS_MAX, CREDENTIALS_MAX, Came, Message, Method, Part, Unreadable};

/// A message made of its parts.
#[derive(Default)]
pub struct Parts(pub HashMap<(u32, usize), Vec<u8>>);

impl Parts {
    pub fn with(self, part: Part, text: &str) -> Self {
        self.with_nth(part, 0, text)
    }

    pub fn with_nth(mut self, part: Part, index: usize, text: &str) -> Self {
        self.0.insert((part as u32, index), text.into());
        self
    }

    /// The host has evaluated the first credentials.
    pub fn evaluated(mut self) -> Self {
        self.0.insert(EVALUATED, vec![]);
        self
    }

    /// It came from this port, as these bytes.
    pub fn came_as(mut self, port: u16, bytes: &str) -> Self {
        self.0.insert(PORT, port.to_be_bytes().to_vec());
        self.0.insert(BYTES, bytes.into());
        self
    }

    /// The edge has let it through.
    pub fn spared(mut self) -> Self {
        self.0.insert(SPARED, vec![]);
        self
    }

    /// It came on a connection.
    pub fn connected(mut self) -> Self {
        self.0.insert(CONNECTED, vec![]);
        self
    }

    /// It belongs to a dialog that the host knows.
    pub fn within_dialog(mut self) -> Self {
        self.0.insert(IN_DIALOG, vec![]);
        self
    }

    /// How many sets there are of which this is the first part.
    fn number(&self, first: Part) -> usize {
        let parts = first as u32..first as u32 + Part::OF_SET as u32;
        let of_set = self.0.keys().filter(|(part, _)| parts.contains(part));
        of_set.map(|(_, index)| index + 1).max().unwrap_or(0)
    }
}

/// No parts: that the host has evaluated the first credentials, that it knows the dialog.
const EVALUATED: (u32, usize) = (u32::MAX, 0);
const IN_DIALOG: (u32, usize) = (u32::MAX, 1);
const CONNECTED: (u32, usize) = (u32::MAX, 2);
const SPARED: (u32, usize) = (u32::MAX, 3);
const PORT: (u32, usize) = (u32::MAX, 4);
const BYTES: (u32, usize) = (u32::MAX, 5);

impl Message for Parts {
    fn is_evaluated(&self) -> bool {
        self.0.contains_key(&EVALUATED)
    }

    fn came(&self) -> Came {
        let port = self.0.get(&PORT).and_then(|port| port[..].try_into().ok());
        Came {
            port: port.map_or(0, u16::from_be_bytes),
            is_on_connection: self.0.contains_key(&CONNECTED),
            was_charged: false,
            was_spared: self.0.contains_key(&SPARED),
        }
    }

    fn bytes(&self) -> &[u8] {
        self.0.get(&BYTES).map(Vec::as_slice).unwrap_or_default()
    }

    fn is_in_dialog(&self) -> Option<bool> {
        self.0.contains_key(&IN_DIALOG).then_some(true)
    }

    fn method(&self) -> Method {
        Method::named(self.part(Part::Method))
    }

    fn is_request(&self) -> bool {
        !self.part(Part::Uri).is_empty()
    }

    fn unreadable(&self) -> Unreadable {
        let number = |part: Part| self.number(part);
        match (
            number(Part::AuthUser) > CREDENTIALS_MAX,
            number(Part::Contact) > CONTACTS_MAX,
        ) {
            (true, _) => Unreadable::MANY_CREDENTIALS,
            (_, true) => Unreadable::MANY_CONTACTS,
            _ => Unreadable::default(),
        }
    }

    fn count(&self, part: Part) -> usize {
        match part as usize {
            0..Part::SINGLE => 1,
            part if part < Part::Contact as usize => {
                self.number(Part::AuthUser).min(CREDENTIALS_MAX)
            }
            _ => self.number(Part::Contact).min(CONTACTS_MAX),
        }
    }

    fn nth(&self, part: Part, index: usize) -> &[u8] {
        let text = self
            .0
            .get(&(part as u32, index))
            .filter(|_| index < self.count(part));
        text.map(Vec::as_slice).unwrap_or_default()
    }

    fn route(&self) -> &[u8] {
        let route = self.0.get(&(Part::RecordRouteHost as u32, 0));
        route.map(Vec::as_slice).unwrap_or_default()
    }
}
