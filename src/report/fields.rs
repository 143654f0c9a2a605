//! What a reply is made of: numbers, texts, lists and structs of these.
//!
//! A struct of [`reply_struct!`] writes itself, and says of itself which fields it has. The names
//! are C strings from the start, so that nothing is allocated for them on the way to the host:
//! serde's derive has them as Rust strings, and a serializer over the host's five functions would
//! be three times this file, most of it about what no reply holds.

use std::ffi::{CStr, CString};

use super::{Full, Reply};

/// What may stand in a reply.
pub(super) trait Field {
    /// Writes it, under its name if it stands in a struct.
    fn write(&self, reply: &mut impl Reply, name: Option<&CStr>) -> Result<(), Full>;

    /// What it consists of: nothing for a text, `#` for a number, `{a b#}` for a struct with a text
    /// and a number, `[…]` for a list, `?` behind what may be left out.
    fn shape() -> String;
}

impl Field for i64 {
    fn write(&self, reply: &mut impl Reply, name: Option<&CStr>) -> Result<(), Full> {
        reply.number(name, *self)
    }

    fn shape() -> String {
        "#".to_owned()
    }
}

/// A count; the largest are cut to what the interface carries.
impl Field for u64 {
    fn write(&self, reply: &mut impl Reply, name: Option<&CStr>) -> Result<(), Full> {
        i64::try_from(*self).unwrap_or(i64::MAX).write(reply, name)
    }

    fn shape() -> String {
        i64::shape()
    }
}

/// 1 or 0.
impl Field for bool {
    fn write(&self, reply: &mut impl Reply, name: Option<&CStr>) -> Result<(), Full> {
        i64::from(*self).write(reply, name)
    }

    fn shape() -> String {
        i64::shape()
    }
}

/// Bytes from the network are escaped before they become a `String`.
impl Field for String {
    fn write(&self, reply: &mut impl Reply, name: Option<&CStr>) -> Result<(), Full> {
        reply.text(name, self)
    }

    fn shape() -> String {
        String::new()
    }
}

impl Field for &'static str {
    fn write(&self, reply: &mut impl Reply, name: Option<&CStr>) -> Result<(), Full> {
        reply.text(name, self)
    }

    fn shape() -> String {
        String::new()
    }
}

/// Left out where there is none.
impl<T: Field> Field for Option<T> {
    fn write(&self, reply: &mut impl Reply, name: Option<&CStr>) -> Result<(), Full> {
        self.as_ref()
            .map_or(Ok(()), |field| field.write(reply, name))
    }

    fn shape() -> String {
        T::shape() + "?"
    }
}

impl<T: Field> Field for Vec<T> {
    fn write(&self, reply: &mut impl Reply, name: Option<&CStr>) -> Result<(), Full> {
        reply.open_list(name)?;
        for element in self {
            element.write(reply, None)?;
        }
        reply.close()
    }

    fn shape() -> String {
        format!("[{}]", T::shape())
    }
}

/// A struct whose names are those of a table: of counters, of parameters.
pub(super) struct Named<T>(pub Vec<(&'static str, T)>);

impl<T: Field> Field for Named<T> {
    fn write(&self, reply: &mut impl Reply, name: Option<&CStr>) -> Result<(), Full> {
        reply.open_struct(name)?;
        for (name, field) in &self.0 {
            // A name of a table is an identifier, and holds no NUL.
            field.write(reply, Some(&CString::new(*name).unwrap_or_default()))?;
        }
        reply.close()
    }

    fn shape() -> String {
        format!("{{…{}}}", T::shape())
    }
}

/// A struct that is a reply, or a part of one: its fields are written in the order in which they
/// stand here.
macro_rules! reply_struct {
    ($(#[$doc:meta])* $type:ident $(<$generic:ident>)? {
        $($(#[$field_doc:meta])* $field:ident: $field_type:ty,)+
    }) => {
        $(#[$doc])*
        pub(super) struct $type $(<$generic>)? {
            $($(#[$field_doc])* pub $field: $field_type,)+
        }

        impl $(<$generic: $crate::report::fields::Field>)? $crate::report::fields::Field
            for $type $(<$generic>)?
        {
            fn write(
                &self,
                reply: &mut impl $crate::report::Reply,
                name: Option<&std::ffi::CStr>,
            ) -> Result<(), $crate::report::Full> {
                reply.open_struct(name)?;
                $(self.$field.write(reply, Some($crate::report::fields::c_name!($field)))?;)+
                reply.close()
            }

            fn shape() -> String {
                let fields = [$(stringify!($field).to_owned() + &<$field_type>::shape(),)+];
                format!("{{{}}}", fields.join(" "))
            }
        }
    };
}

/// The name of a field as the host takes it.
macro_rules! c_name {
    ($field:ident) => {
        const {
            match std::ffi::CStr::from_bytes_with_nul(concat!(stringify!($field), "\0").as_bytes())
            {
                Ok(name) => name,
                Err(_) => c"", // an identifier holds no NUL
            }
        }
    };
}

pub(super) use {c_name, reply_struct};
