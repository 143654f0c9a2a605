//! The arguments of an RPC command: texts, read one after the other.

use std::fmt::Display;
use std::ops::RangeInclusive;

use crate::escape::Brief;

use super::Fault;

/// Rows of a page, when the caller does not say.
const PAGE: u64 = 100;
/// Rows of the largest page: those of the longest rows (640 bytes in JSON, 530 over ctl) fit into
/// what each transport carries. kamcmd reads 128 kB; jsonrpcs' datagram is lost without a word when
/// it is larger than the socket's send buffer, 208 kB.
const LARGEST_PAGE: u64 = 200;

/// The arguments that have not been read yet.
#[derive(Clone, Copy)]
pub(super) struct Arguments<'a> {
    rest: &'a [&'a [u8]],
}

impl<'a> Arguments<'a> {
    pub const fn new(texts: &'a [&'a [u8]]) -> Self {
        Self { rest: texts }
    }

    /// The next one, if there is one.
    pub fn next(&mut self) -> Option<&'a [u8]> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    /// The next one, without taking it.
    pub fn peek(&self) -> Option<&'a [u8]> {
        self.rest.first().copied()
    }

    pub fn required(&mut self, name: &str) -> Result<&'a [u8], Fault> {
        match self.next() {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(Fault::BadArgument(format!("{name}: is missing"))),
        }
    }

    /// The next one as a number, if there is one.
    pub fn number(
        &mut self,
        name: &str,
        allowed: RangeInclusive<i64>,
    ) -> Result<Option<i64>, Fault> {
        let Some(text) = self.next() else {
            return Ok(None);
        };
        let refuse = |given: &dyn Display| {
            let (least, most) = (allowed.start(), allowed.end());
            let sentence = format!("{name}={given}: must be a number between {least} and {most}");
            Err(Fault::BadArgument(sentence))
        };
        match std::str::from_utf8(text).ok().and_then(parse) {
            Some(value) if allowed.contains(&value) => Ok(Some(value)),
            Some(value) => refuse(&value),
            None => refuse(&Brief(text)),
        }
    }

    /// `[offset [limit]]`, and nothing after it. A larger page than fits is cut to one that does:
    /// `total` tells that there is more.
    pub fn page(mut self) -> Result<Page, Fault> {
        let offset = self.number("offset", 0..=i64::MAX)?.unwrap_or_default();
        let limit = self.number("limit", 1..=u32::MAX.into())?;
        self.end()?;
        let limit = limit.map_or(PAGE, i64::unsigned_abs).min(LARGEST_PAGE);
        Ok(Page {
            offset: offset.unsigned_abs(),
            limit,
        })
    }

    /// There must be no more.
    pub fn end(mut self) -> Result<(), Fault> {
        match self.next() {
            None => Ok(()),
            Some(text) => Err(Fault::BadArgument(format!(
                "{}: is one argument too many",
                Brief(text)
            ))),
        }
    }
}

/// A negative number that Kamailio made a text of has become the unsigned one with the same bits
/// (`int2str()` in jsonrpcs and ctl).
fn parse(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| {
        text.parse()
            .ok()
            .map(u64::cast_signed)
            .filter(|value| *value < 0)
    })
}

/// Which rows of a list.
#[derive(Clone, Copy)]
pub(super) struct Page {
    pub offset: u64,
    pub limit: u64,
}

impl Page {
    /// All rows, of what is never many.
    pub const ALL: Self = Self {
        offset: 0,
        limit: u64::MAX,
    };
}
