//! Countries and autonomous systems of addresses.
//!
//! Each file is read by one process, at start and at a reload, into an image in the arena; a
//! look-up reads that. So nothing happens to a check when a file is replaced, truncated or broken:
//! what was read last counts until something better is there.

use std::io;
use std::time::Instant;

use crate::lists::source;
use crate::shm::arena::{Arena, SLOTS};
use crate::shm::region::{Region, room_for};
use crate::source::Address;

mod csv;
mod image;
mod input;
mod mmdb;
mod place;
mod state;
#[cfg(test)]
mod tests;

use csv::BadLines;
use image::Image;
pub use input::{Input, Inputs};
use place::{Place, Places};
use state::State;
pub use state::Told;

/// The last slots of the arena; the lists have the first.
const FIRST_SLOT: usize = SLOTS - input::MOST;

/// The files and what is known of them.
#[allow(missing_debug_implementations)]
pub struct Geo {
    inputs: Vec<Input>,
    states: &'static [State],
}

/// Reads a table: who hears of its ranges and countries, and who of rows that are none.
pub type ReadTable<'a> = dyn Fn(
        &str,
        &mut dyn FnMut(Address, Address, &[u8]),
        &mut dyn FnMut(u64, String),
    ) -> Result<(), String>
    + 'a;

/// What was read from one file.
#[derive(Debug, PartialEq, Eq)]
pub struct Loaded {
    /// Ranges that have a country or a system.
    pub entries: u64,
    /// Milliseconds it took.
    pub took_ms: u64,
    /// Lines of a CSV file that were left out.
    pub bad: BadLines,
}

impl Geo {
    /// Bytes that they take from the region.
    #[must_use]
    pub fn room(inputs: &Inputs) -> usize {
        room_for::<State>(inputs.each().len())
    }

    /// Carves what all processes see of the files off the region; nothing is read yet.
    ///
    /// # Errors
    ///
    /// When the region has no room left.
    pub fn new(region: &mut Region, inputs: &Inputs) -> io::Result<Self> {
        Ok(Self {
            inputs: inputs.each().to_vec(),
            states: region.array(inputs.each().len())?,
        })
    }

    /// Reads all files. One that can't be read, is broken or holds nothing stays as it was; `told`
    /// hears of each.
    pub fn load(
        &self,
        arena: &Arena,
        table: &ReadTable<'_>,
        now_ms: u64,
        mut told: impl FnMut(&Input, &Result<Loaded, String>),
    ) {
        for ((slot, input), state) in (FIRST_SLOT..).zip(&self.inputs).zip(self.states) {
            let begun = Instant::now();
            let loaded = read(input, table).and_then(|(places, bad)| {
                let entries = places.entries;
                let image = image::build(places);
                arena
                    .publish(slot, &image, now_ms)
                    .map_err(|error| error.to_string())?;
                let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
                state.loaded(entries, image.len(), now_ms, took_ms);
                Ok(Loaded {
                    entries,
                    took_ms,
                    bad,
                })
            });
            if let Err(sentence) = &loaded {
                state.failed(sentence);
            }
            told(input, &loaded);
        }
    }

    /// The country of an address.
    #[must_use]
    pub fn country_of(&self, arena: &Arena, address: Address) -> Option<[u8; 2]> {
        self.ask(arena, |image| {
            let asked = image.has_countries.then(|| image.find(address))?;
            asked?.country
        })
    }

    /// The autonomous system of an address.
    #[must_use]
    pub fn asn_of(&self, arena: &Arena, address: Address) -> Option<u32> {
        self.ask(arena, |image| {
            let asked = image.has_systems.then(|| image.find(address))?;
            asked?.asn
        })
    }

    /// Every file with what is known of it.
    pub fn each(&self) -> impl Iterator<Item = (&Input, Told)> {
        self.inputs.iter().zip(self.states.iter().map(State::told))
    }

    /// The first answer counts.
    fn ask<T>(&self, arena: &Arena, question: impl Fn(Image<'_>) -> Option<T>) -> Option<T> {
        if self.inputs.is_empty() {
            return None;
        }
        let pin = arena.pin();
        let slots = FIRST_SLOT..FIRST_SLOT + self.inputs.len();
        slots
            .filter_map(|slot| Image::over(pin.image(slot)?))
            .find_map(question)
    }
}

/// Reads one file, whatever it is.
fn read(input: &Input, table: &ReadTable<'_>) -> Result<(Places, BadLines), String> {
    let mut places = Places::default();
    let read = match input {
        Input::Mmdb(path) => {
            let content = source::read(path)?;
            mmdb::read(&content.bytes, &mut places).map(|()| BadLines::default())
        }
        Input::Csv(path) => csv::read(&source::read(path)?.bytes, &mut places),
        Input::Table(name) => {
            let mut bad = BadLines::default();
            let mut take = |first, last, country: &[u8]| {
                let country = Place::country(country);
                places.add(first, last, Place { country, asn: None });
            };
            let mut refuse = |row, what| bad.tell(format_args!("row {row}: {what}"));
            table(name, &mut take, &mut refuse).map(|()| bad)
        }
    };
    let read = read.and_then(|bad| {
        if !places.ranges.is_empty() {
            return Ok(bad);
        }
        let first = bad.told.first().map(|line| format!(": {line}"));
        let first = first.unwrap_or_default();
        Err(format!("has no country and no autonomous system{first}"))
    });
    match (read, input) {
        (Ok(bad), _) => Ok((places, bad)),
        (Err(why), Input::Table(name)) => Err(format!("db={name}: {why}")),
        (Err(why), Input::Mmdb(path) | Input::Csv(path)) => {
            Err(format!("file={}: {why}", path.display()))
        }
    }
}
