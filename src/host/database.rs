//! The host's databases.

use std::ffi::{CStr, CString, c_void};

use crate::lists::database::{Database, Field, Named, Query, TakeRow, Url};

use super::bindings::{
    PALISADE_DB_CLOSED, PALISADE_DB_LATE_DRIVER, PALISADE_DB_NO_DRIVER, PALISADE_DB_NO_MEMORY,
    PALISADE_DB_UNABLE, PALISADE_HOLDS_NOTHING, PALISADE_HOLDS_NUMBER, PALISADE_HOLDS_TEXT,
    palisade_host_field, palisade_host_text,
};
use super::{HOST, HostTable};

/// Through the functions of host.h.
#[derive(Clone, Copy, Debug)]
pub struct HostDatabase;

impl Database for HostDatabase {
    /// Kamailio's drivers wait for as long as TCP does, and belong to their process.
    fn may_hang(&self) -> bool {
        true
    }

    fn begin_process(&self) {
        if let Some(begin) = HOST.get().and_then(|host| host.db_process) {
            // SAFETY: takes nothing; the process was forked for this.
            unsafe { begin() }
        }
    }

    fn read(&self, url: &Url, query: &Query<'_>, row: &mut TakeRow<'_>) -> Result<(), String> {
        let table = query.table;
        let names = Names::of(query.columns.iter().copied())?;
        let equal = Fields::of(query.equal)?;
        let columns = names.pointers();
        // Closed first: what it was given outlives it.
        let open = Open::new(url)?;
        let select = open.host.db_select.ok_or(NONE)?;
        let c_table = c_name(table)?;
        // SAFETY: an open database, names that end with a NUL, and as many of each as is said; all
        // outlive it.
        let code = unsafe {
            select(
                open.database,
                c_table.as_ptr(),
                columns.as_ptr(),
                columns.len(),
                equal.raw.as_ptr(),
                equal.raw.len(),
            )
        };
        let asked = format!("can't be read (columns {})", query.columns.join(", "));
        open.check(code, table, &asked)?;
        open.rows(table, &asked, columns.len(), row)
    }

    fn change(
        &self,
        url: &Url,
        table: &str,
        remove: &[Vec<Named<'_>>],
        add: Option<&[Named<'_>]>,
    ) -> Result<(), String> {
        let open = Open::new(url)?;
        let begin = open.host.db_begin.ok_or(NONE)?;
        let commit = open.host.db_commit.ok_or(NONE)?;
        let change = "can't be changed";
        // SAFETY: an open database.
        open.check(unsafe { begin(open.database) }, table, change)?;
        for row in remove {
            let delete = open.host.db_delete.ok_or(NONE)?;
            open.write(delete, table, row)?;
        }
        if let Some(row) = add {
            let insert = open.host.db_insert.ok_or(NONE)?;
            open.write(insert, table, row)?;
        }
        // SAFETY: an open database.
        open.check(unsafe { commit(open.database) }, table, change)
    }
}

const NONE: &str = "this host has no databases";

/// What removes and what adds a row takes the same.
type WriteFunction = unsafe extern "C" fn(
    *mut c_void,
    *const core::ffi::c_char,
    *const palisade_host_field,
    usize,
) -> i32;

/// A connection.
struct Open<'a> {
    host: &'static HostTable,
    database: *mut c_void,
    url: &'a Url,
}

impl<'a> Open<'a> {
    fn new(url: &'a Url) -> Result<Self, String> {
        let host = *HOST.get().ok_or(NONE)?;
        let open = host.db_open.ok_or(NONE)?;
        let mut database = core::ptr::null_mut();
        // SAFETY: a URL that ends with a NUL, and a place for the result.
        let code = unsafe { open(url.whole().as_ptr(), &raw mut database) };
        if code == 0 && !database.is_null() {
            Ok(Self {
                host,
                database,
                url,
            })
        } else {
            Err(sentence(code, url, "is no answer"))
        }
    }

    fn check(&self, code: i32, table: &str, what: &str) -> Result<(), String> {
        if code >= 0 {
            return Ok(());
        }
        let sentence = sentence(code, self.url, what);
        Err(format!("db={table}: {sentence}"))
    }

    fn rows(
        &self,
        table: &str,
        asked: &str,
        columns: usize,
        take: &mut TakeRow<'_>,
    ) -> Result<(), String> {
        let next = self.host.db_row.ok_or(NONE)?;
        let mut raw = vec![EMPTY; columns];
        loop {
            // SAFETY: an open database, and room for as many fields as columns were asked for.
            let code = unsafe { next(self.database, raw.as_mut_ptr()) };
            self.check(code, table, asked)?;
            if code == 0 {
                return Ok(());
            }
            let row: Vec<Field<'_>> = raw
                .iter()
                // SAFETY: host.h: the fields are valid until the next row is asked for.
                .map(|field| unsafe { read(field) })
                .collect();
            take(&row)?;
        }
    }

    fn write(&self, write: WriteFunction, table: &str, row: &[Named<'_>]) -> Result<(), String> {
        let fields = Fields::of(row)?;
        let name = c_name(table)?;
        // SAFETY: an open database, names that end with a NUL, and as many fields as is said.
        let code = unsafe {
            write(
                self.database,
                name.as_ptr(),
                fields.raw.as_ptr(),
                fields.raw.len(),
            )
        };
        self.check(code, table, "can't be changed")
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if let Some(close) = self.host.db_close {
            // SAFETY: it was opened, and is used no more.
            unsafe { close(self.database) }
        }
    }
}

fn sentence(code: i32, url: &Url, what: &str) -> String {
    let driver = url.driver();
    match code {
        PALISADE_DB_NO_DRIVER | PALISADE_DB_LATE_DRIVER => {
            format!("db_url={url}: load db_{driver}.so before palisade.so")
        }
        PALISADE_DB_CLOSED => {
            format!("db_url={url}: can't be opened, db_{driver} says why in the line before")
        }
        PALISADE_DB_UNABLE => format!("db_{driver} can't do what it takes"),
        PALISADE_DB_NO_MEMORY => {
            "Kamailio's private memory is full (its option -M gives more)".to_owned()
        }
        _ => format!("{what}, db_{driver} says why in the lines before"),
    }
}

fn c_name(name: &str) -> Result<CString, String> {
    CString::new(name).map_err(|_| "a name with a NUL".to_owned())
}

/// Names that end with a NUL.
struct Names(Vec<CString>);

impl Names {
    fn of<'a>(names: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        names.map(c_name).collect::<Result<_, _>>().map(Self)
    }

    fn pointers(&self) -> Vec<*const core::ffi::c_char> {
        self.0.iter().map(|name| name.as_ptr()).collect()
    }
}

/// Fields as the host takes them, with the names that they point to.
struct Fields {
    raw: Vec<palisade_host_field>,
    _names: Names,
}

impl Fields {
    fn of(fields: &[Named<'_>]) -> Result<Self, String> {
        let names = Names::of(fields.iter().map(|(name, _)| *name))?;
        let raw = fields.iter().zip(&names.0);
        let raw = raw.map(|((_, field), name)| write(name, *field)).collect();
        Ok(Self { raw, _names: names })
    }
}

#[allow(clippy::cast_possible_wrap)] // Small numbers.
const EMPTY: palisade_host_field = palisade_host_field {
    column: core::ptr::null(),
    holds: PALISADE_HOLDS_NOTHING as i32,
    number: 0,
    text: palisade_host_text {
        data: core::ptr::null(),
        len: 0,
    },
};

#[allow(clippy::cast_possible_wrap)] // Small numbers.
fn write(name: &CStr, field: Field<'_>) -> palisade_host_field {
    let mut raw = palisade_host_field {
        column: name.as_ptr(),
        ..EMPTY
    };
    match field {
        Field::Nothing => {}
        Field::Number(number) => {
            raw.holds = PALISADE_HOLDS_NUMBER as i32;
            raw.number = number;
        }
        Field::Text(text) => {
            raw.holds = PALISADE_HOLDS_TEXT as i32;
            raw.text.data = text.as_ptr();
            raw.text.len = text.len();
        }
    }
    raw
}

/// # Safety
///
/// A text in it is readable for `'a`.
#[allow(clippy::cast_possible_wrap)] // Small numbers.
unsafe fn read<'a>(raw: &palisade_host_field) -> Field<'a> {
    if raw.holds == PALISADE_HOLDS_NUMBER as i32 {
        return Field::Number(raw.number);
    }
    if raw.holds != PALISADE_HOLDS_TEXT as i32 {
        return Field::Nothing;
    }
    if raw.text.data.is_null() {
        return Field::Text(&[]);
    }
    // SAFETY: the contract above.
    Field::Text(unsafe { core::slice::from_raw_parts(raw.text.data, raw.text.len) })
}
