//! The parameters that are one word of a list.

use crate::escape::Escaped;

/// An enum of which each variant has a name that a parameter gives it.
macro_rules! words {
    ($($(#[$doc:meta])* $type:ident {
        $($(#[$variant_doc:meta])* $variant:ident $name:literal,)+
    })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $type {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $type {
            /// The names, in the order of the variants.
            pub const NAMES: &[&str] = &[$($name,)+];

            /// Its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                Self::NAMES[self as usize]
            }

            /// The one with this name; else a sentence that names the parameter and the words.
            pub(super) fn parse(parameter: &str, text: &[u8]) -> Result<Self, String> {
                match text {
                    $(text if text == $name.as_bytes() => Ok(Self::$variant),)+
                    _ => Err(refusal(parameter, text, Self::NAMES)),
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    )+};
}

words! {
    /// What a block after wrong passwords covers.
    AuthScope {
        /// The user from this source.
        UserSource "user_source",
        /// The user from everywhere.
        User "user",
        /// Everything from this source: it is banned.
        Source "source",
    }

    /// What a check answers when the module itself fails.
    OnFault {
        /// As if nothing were wrong with the message.
        Pass "pass",
        /// As if it were blocked.
        Drop "drop",
    }

    /// What happens to a datagram before it is parsed.
    Edge {
        /// Nothing.
        Off "off",
        /// Those of banned sources are dropped.
        Bans "bans",
        /// They are, and every datagram is counted.
        Rate "rate",
    }

    /// What is made of a source whose country nobody knows, where countries are denied or allowed.
    CountryUnknown {
        /// It is in no country.
        Pass "pass",
        /// As if it were in a country that is denied.
        Deny "deny",
    }
}

fn refusal(parameter: &str, text: &[u8], names: &[&str]) -> String {
    let (text, names) = (Escaped(text), names.join(", "));
    format!("{parameter}={text}: must be one of {names}")
}
