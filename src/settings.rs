//! The parameters in force.
//!
//! Collected before the fork, validated one by one, frozen by [`crate::policy::Firewall`]. What each
//! is called, takes and means stands in one row of [`table`].

use crate::agent::Patterns;
use crate::escape::Escaped;
use crate::geo::Inputs;
use crate::lists::Kind as ListKind;
use crate::lists::database::Url;
use crate::lists::spec::{self, Spec};
use crate::source::Address;
use crate::trusted::Trusted;

mod doubts;
pub mod policy;
pub mod table;
mod words;

use policy::Policy;
pub use policy::{Consequence, Reason};
use table::{Kind, PARAMETERS, Parameter};
pub use words::{AuthScope, CountryUnknown, Edge, OnFault};

/// The settings in force.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Of each row of the table; of one that is no number, nothing.
    numbers: [i64; PARAMETERS.len()],
    /// See [`AuthScope`].
    pub auth_scope: AuthScope,
    /// See [`OnFault`].
    pub on_fault: OnFault,
    /// See [`Edge`].
    pub edge: Edge,
    /// Networks that no check blocks.
    pub trusted: Trusted,
    /// Addresses of the host itself: they are never banned.
    pub own: Vec<Address>,
    /// User-Agent patterns beside the built-in ones.
    pub agents: Patterns,
    /// The lists.
    pub lists: Vec<Spec>,
    /// The database of lists that come from one.
    pub db_url: Option<Url>,
    /// Files that say in which country and system an address is.
    pub geo: Inputs,
    /// See [`CountryUnknown`].
    pub country_unknown: CountryUnknown,
    policy: Policy,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            numbers: core::array::from_fn(|row| match PARAMETERS[row].kind {
                Kind::Number { default, .. } => default,
                _ => 0,
            }),
            auth_scope: AuthScope::UserSource,
            on_fault: OnFault::Pass,
            edge: Edge::Bans,
            trusted: Trusted::default(),
            own: Vec::new(),
            agents: Patterns::default(),
            lists: Vec::new(),
            db_url: None,
            geo: Inputs::default(),
            country_unknown: CountryUnknown::Pass,
            policy: Policy::default(),
        }
    }
}

/// A value as `palisade.settings` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
}

impl Settings {
    /// Sets a parameter that is a number.
    ///
    /// # Errors
    ///
    /// A sentence that names the parameter, the value and what is allowed.
    pub fn set_number(&mut self, name: &str, value: i64) -> Result<(), String> {
        let Some(row) = Parameter::row(name) else {
            return Err(format!("{name}={value}: there is no such parameter"));
        };
        let Parameter { name, kind, .. } = &PARAMETERS[row];
        let Kind::Number { allowed, .. } = kind else {
            return Err(format!("{name}={value}: must be a text"));
        };
        if !allowed.contains(&value) {
            let (least, most) = (allowed.start(), allowed.end());
            return Err(format!(
                "{name}={value}: must be between {least} and {most}"
            ));
        }
        self.numbers[row] = value;
        Ok(())
    }

    /// Sets a parameter that is a text, or adds to it.
    ///
    /// # Errors
    ///
    /// A sentence that names the parameter, the value and what is allowed.
    pub fn set_text(&mut self, name: &str, value: &[u8]) -> Result<(), String> {
        let Some(row) = Parameter::row(name) else {
            let value = Escaped(value);
            return Err(format!("{name}={value}: there is no such parameter"));
        };
        (PARAMETERS[row].set)(self, value)
    }

    /// What is allowed by itself, but not together.
    ///
    /// # Errors
    ///
    /// A sentence that names the parameter, its value and what is missing.
    pub fn check(&self) -> Result<(), String> {
        let denies_unknown = self.country_unknown == CountryUnknown::Deny;
        if denies_unknown && self.geo.each().is_empty() {
            return Err("country_unknown=deny: needs geo, else everybody is denied".to_owned());
        }
        if self.edge == Edge::Rate && self.consequence(Reason::Rate) == Consequence::Off {
            return Err(
                "edge=rate: with policy rate=off nothing is counted there, nor by \
                 pike_check_req(), which takes such a message for counted: edge=bans, or another \
                 policy for rate"
                    .to_owned(),
            );
        }
        let window_s = self.sampling_time_unit().unsigned_abs();
        for list in &self.lists {
            if let Some(why) = list.limit.and_then(|limit| limit.too_many(window_s)) {
                return Err(format!("list={}: {why}", list.name));
            }
        }
        Ok(())
    }

    /// Every parameter with its value in force.
    pub fn each(&self) -> impl Iterator<Item = (&'static Parameter, Value)> {
        PARAMETERS
            .iter()
            .map(|parameter| (parameter, (parameter.show)(self)))
    }

    /// What follows from a finding: what `policy` says, else the older parameters.
    #[must_use]
    #[allow(clippy::cast_sign_loss)] // Within what is allowed.
    pub fn consequence(&self, finding: Reason) -> Consequence {
        let ban_or_block = |seconds: i64| match seconds {
            0 => Consequence::Block,
            seconds => Consequence::Ban(seconds as u64),
        };
        self.policy.of(finding).unwrap_or_else(|| match finding {
            Reason::Rate => ban_or_block(self.rate_ban_time()),
            Reason::Agent => ban_or_block(self.agent_ban_time()),
            Reason::Auth if self.auth_scope == AuthScope::Source => {
                ban_or_block(self.auth_ban_time())
            }
            _ => Consequence::Block,
        })
    }

    /// Adds networks and hosts that no check blocks.
    fn trust(&mut self, text: &[u8]) -> Result<(), String> {
        let hosts = self.trusted.add(text)?;
        spec::trust_names(&mut self.lists, hosts)
    }

    fn shown_policy(&self) -> String {
        Reason::NAMES
            .map(|(name, finding)| format!("{name}={}", self.consequence(finding)))
            .join(" ")
    }
}

#[cfg(test)]
mod tests;
