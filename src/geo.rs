//! Countries and autonomous systems of addresses.
//!
//! Each file is read by one process, at start and at a reload, into an image in the arena; a
//! look-up reads that. So nothing happens to a check when a file is replaced, truncated or broken:
//! what was read last counts until something better is there.

use std::io;
use std::time::Instant;

use crate::file;
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

/// What was read, before it is put in place.
#[allow(missing_debug_implementations)]
pub struct Fresh {
    places: Places,
    bad: BadLines,
    begun: Instant,
}

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

    /// Reads an input, which takes as long as the file or the database likes. `number`: its place in
    /// [`Geo::each`]; `most`: bytes of the largest file, which is what the arena holds.
    ///
    /// # Errors
    ///
    /// A sentence: it can't be read, is broken or holds nothing.
    pub fn read(&self, number: usize, most: u64, table: &ReadTable<'_>) -> Result<Fresh, String> {
        let begun = Instant::now();
        let input = self.inputs.get(number).ok_or("there is no such input")?;
        let (places, bad) = read(input, most, table)?;
        Ok(Fresh { places, bad, begun })
    }

    /// Puts what was read in the place of what was there before.
    ///
    /// # Errors
    ///
    /// A sentence: there is no room for both.
    pub fn put(
        &self,
        number: usize,
        fresh: Fresh,
        arena: &Arena,
        now_ms: u64,
    ) -> Result<Loaded, String> {
        let state = self.states.get(number).ok_or("there is no such input")?;
        let entries = fresh.places.entries;
        let image = image::build(fresh.places);
        arena
            .publish(FIRST_SLOT + number, &image, now_ms)
            .map_err(|error| error.to_string())?;
        let took_ms = u64::try_from(fresh.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        state.loaded(entries, image.len(), now_ms, took_ms);
        Ok(Loaded {
            entries,
            took_ms,
            bad: fresh.bad,
        })
    }

    /// An input could not be read: what was there before stays.
    pub fn fail(&self, number: usize, sentence: &str) {
        if let Some(state) = self.states.get(number) {
            state.failed(sentence);
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

/// Bytes of memory that reading a file takes, at the most: its own, a range for each line or each few
/// bytes of a tree, and the image twice.
const fn memory_to_load(size: file::Size) -> u64 {
    size.bytes.saturating_mul(4)
}

/// Reads one file, whatever it is.
fn read(input: &Input, most: u64, table: &ReadTable<'_>) -> Result<(Places, BadLines), String> {
    let mut places = Places::default();
    let read = match input {
        Input::Mmdb(path) => {
            let content = file::read(path, most, memory_to_load)?;
            mmdb::read(&content.bytes, &mut places).map(|()| BadLines::default())
        }
        Input::Csv(path) => csv::read(&file::read(path, most, memory_to_load)?.bytes, &mut places),
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
