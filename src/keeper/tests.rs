//! The keeper over files, with a clock that stands still. Processes of their own: `tests/fork/`.

use super::turn::RETRY_MS;
use super::*;
use crate::clock::manual::Manual;
use crate::counters::Counters;
use crate::geo::Inputs;
use crate::hash::Hash;
use crate::journal::Journal;
use crate::lists::database::{Access, NoDatabase};
use crate::lists::{Lists, Spec};
use crate::shm::region::Region;
use crate::trusted::Trusted;

/// One list over one file, as a server has it.
struct House {
    lists: Lists,
    geo: Geo,
    clock: Manual,
    hash: Hash,
    journal: Journal,
    counters: Counters,
    trusted: Trusted,
    own: Own,
}

impl House {
    fn new(list: &str) -> Self {
        let room = Lists::ROOM + Journal::ROOM + Counters::ROOM;
        let mut region = Region::new(room).unwrap();
        let specs = vec![Spec::parse(list.as_bytes()).unwrap()];
        Self {
            lists: Lists::new(&mut region, specs, 16 << 20).unwrap(),
            geo: Geo::new(&mut region, &Inputs::default()).unwrap(),
            clock: Manual::default(),
            hash: Hash::keyed([1, 2, 3, 4]),
            journal: Journal::new(&mut region, |_, _| (), 0).unwrap(),
            counters: Counters::new(&mut region).unwrap(),
            trusted: Trusted::default(),
            own: Own::default(),
        }
    }

    fn keeper(&self) -> Keeper<'_, Manual> {
        Keeper {
            desk: Desk {
                lists: &self.lists,
                clock: &self.clock,
                hash: &self.hash,
                journal: &self.journal,
                counters: &self.counters,
                trusted: &self.trusted,
                access: Access {
                    database: &NoDatabase,
                    url: None,
                },
            },
            geo: &self.geo,
            own: &self.own,
        }
    }

    fn state(&self) -> (u64, u64) {
        let list = self.lists.each().next().unwrap();
        (list.entries(), list.failures())
    }
}

#[test]
fn what_was_never_loaded_is_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.list");
    let house = House::new(&format!(
        "name=a;kind=user;action=deny;file={}",
        path.display()
    ));
    house.keeper().load_lists().unwrap();
    let keep = |after_ms| {
        house.clock.advance(after_ms);
        house.keeper().turn(Duration::ZERO);
        house.state()
    };
    assert_eq!(keep(0), (0, 1));
    assert_eq!(keep(RETRY_MS), (0, 2));
    std::fs::write(&path, "x\n").unwrap();
    assert_eq!(keep(RETRY_MS - 1), (0, 2));
    assert_eq!(keep(1), (1, 2));
    // From here on it is the operator's to say when.
    std::fs::write(&path, "x\ny\n").unwrap();
    assert_eq!(keep(RETRY_MS), (1, 2));
}

/// Of a file whose every line is bad nothing is loaded, the first time as ever after.
#[test]
fn bad_lines_alone_are_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.list");
    let house = House::new(&format!(
        "name=a;kind=network;action=deny;required=1;file={}",
        path.display()
    ));
    let errors = |content: &str| {
        std::fs::write(&path, content).unwrap();
        let done = house.keeper().load_lists();
        let list = house.lists.each().next().unwrap();
        (done, list.entries(), list.failures(), list.last_error())
    };
    let why = format!("{}: has no entry (2 bad lines)", path.display());
    assert_eq!(
        errors("<html>\nnot found\n"),
        (Err(format!("list=a is required: {why}")), 0, 1, why.clone())
    );
    let good = (Ok(()), 1, 1, String::new());
    assert_eq!(errors("192.0.2.1\nwhat?\n"), good);
    let (done, entries, failures, error) = errors("<html>\nnot found\n");
    assert_eq!((done, entries, failures), (Ok(()), 1, 2));
    assert_eq!(error, why + ", the 1 entries of before stay");
    // A file without any line is a list that is empty as long as it was never full.
    let empty = House::new(&format!(
        "name=a;kind=network;action=deny;file={}",
        path.display()
    ));
    std::fs::write(&path, "# nothing yet\n").unwrap();
    assert_eq!(empty.keeper().load_lists(), Ok(()));
    assert_eq!(empty.state(), (0, 0));
}
