//! A database in memory, for unit tests.

use parking_lot::Mutex;

use crate::lists::reading::database::{Database, Field, Named, Query, TakeRow, Url};

#[derive(Clone, Debug, PartialEq, Eq)]
enum Cell {
    Nothing,
    Number(i64),
    Text(Vec<u8>),
}

impl Cell {
    fn of(field: Field<'_>) -> Self {
        match field {
            Field::Nothing => Self::Nothing,
            Field::Number(number) => Self::Number(number),
            Field::Text(text) => Self::Text(text.to_vec()),
        }
    }

    fn field(&self) -> Field<'_> {
        match self {
            Self::Nothing => Field::Nothing,
            Self::Number(number) => Field::Number(*number),
            Self::Text(text) => Field::Text(text),
        }
    }
}

struct Table {
    name: &'static str,
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

/// Tables by their names.
#[derive(Default)]
pub struct Memory(Mutex<Vec<Table>>);

impl Memory {
    /// A table; a row is its fields, parted by `|`: numbers, `NULL`, texts.
    pub fn with(self, name: &'static str, columns: &[&str], rows: &[&str]) -> Self {
        let cell = |text: &str| match text.parse() {
            _ if text == "NULL" => Cell::Nothing,
            Ok(number) if !text.starts_with('+') => Cell::Number(number),
            _ => Cell::Text(text.as_bytes().to_vec()),
        };
        let rows = rows.iter().map(|row| row.split('|').map(cell).collect());
        self.0.lock().push(Table {
            name,
            columns: columns.iter().map(ToString::to_string).collect(),
            rows: rows.collect(),
        });
        self
    }

    /// The rows of a table, as [`Self::with`] takes them.
    pub fn rows(&self, name: &str) -> Vec<String> {
        let tables = self.0.lock();
        let table = tables.iter().find(|table| table.name == name).expect(name);
        let shown = |cell: &Cell| match cell {
            Cell::Nothing => "NULL".to_owned(),
            Cell::Number(number) => number.to_string(),
            Cell::Text(text) => text.escape_ascii().to_string(),
        };
        let row = |row: &Vec<Cell>| row.iter().map(shown).collect::<Vec<_>>().join("|");
        table.rows.iter().map(row).collect()
    }
}

impl Table {
    fn column(&self, name: &str) -> Result<usize, String> {
        let found = self.columns.iter().position(|column| column == name);
        found.ok_or_else(|| format!("db={}: no column {name}", self.name))
    }

    fn matches(&self, row: &[Cell], equal: &[Named<'_>]) -> Result<bool, String> {
        for (name, field) in equal {
            if row[self.column(name)?] != Cell::of(*field) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn find<'t>(tables: &'t mut [Table], name: &str) -> Result<&'t mut Table, String> {
    let found = tables.iter_mut().find(|table| table.name == name);
    found.ok_or_else(|| format!("db={name}: no such table"))
}

impl Database for Memory {
    fn read(&self, _url: &Url, query: &Query<'_>, row: &mut TakeRow<'_>) -> Result<(), String> {
        let mut tables = self.0.lock();
        let table = find(&mut tables, query.table)?;
        let columns: Result<Vec<usize>, _> = query
            .columns
            .iter()
            .map(|name| table.column(name))
            .collect();
        let columns = columns?;
        for cells in &table.rows {
            if table.matches(cells, query.equal)? {
                let fields: Vec<_> = columns
                    .iter()
                    .map(|&column| cells[column].field())
                    .collect();
                row(&fields)?;
            }
        }
        Ok(())
    }

    fn change(
        &self,
        _url: &Url,
        table: &str,
        remove: &[Vec<Named<'_>>],
        add: Option<&[Named<'_>]>,
    ) -> Result<(), String> {
        let mut tables = self.0.lock();
        let table = find(&mut tables, table)?;
        for equal in remove {
            let mut kept = Vec::new();
            for row in table.rows.clone() {
                if !table.matches(&row, equal)? {
                    kept.push(row);
                }
            }
            table.rows = kept;
        }
        if let Some(fields) = add {
            let mut row = vec![Cell::Nothing; table.columns.len()];
            for (name, field) in fields {
                row[table.column(name)?] = Cell::of(*field);
            }
            table.rows.push(row);
        }
        Ok(())
    }
}
