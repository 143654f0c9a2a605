//! What a script may ask of the message at hand: `$palisade(name)`.

use std::fmt;

use crate::clock::Clock;
use crate::message::Message;
use crate::source::Shown;

use super::Inspection;

/// A variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// The country of its source.
    Country,
    /// The autonomous system of its source.
    Asn,
    /// The key that a ban of its source would have.
    Source,
}

impl Variable {
    /// Every variable with its name.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("country", Self::Country),
        ("asn", Self::Asn),
        ("source", Self::Source),
    ];

    /// The variable of this name.
    #[must_use]
    pub fn named(name: &[u8]) -> Option<Self> {
        let mut names = Self::NAMES.iter();
        let found = names.find(|(known, _)| known.as_bytes() == name)?;
        Some(found.1)
    }
}

/// The value of a variable.
#[derive(Clone, Copy, Debug)]
pub enum Value {
    /// Two capital letters.
    Country([u8; 2]),
    /// A number.
    Number(u32),
    /// A key.
    Source(Shown),
}

impl Value {
    /// As a number, if it is one.
    #[must_use]
    pub const fn number(&self) -> Option<u32> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Country(letters) => letters
                .iter()
                .try_for_each(|&letter| fmt::Write::write_char(f, letter.into())),
            Self::Number(number) => number.fmt(f),
            Self::Source(source) => source.fmt(f),
        }
    }
}

impl<M: Message, C: Clock> Inspection<'_, M, C> {
    /// The value for this message; `None`: it has none.
    #[must_use]
    pub fn value_of(&self, variable: Variable) -> Option<Value> {
        let firewall = self.firewall;
        match variable {
            Variable::Country => firewall.country_of(self.address).map(Value::Country),
            Variable::Asn => firewall.asn_of(self.address).map(Value::Number),
            Variable::Source => Some(Value::Source(firewall.show(self.source))),
        }
    }
}
