//! What is changed by an edit, and what stays.

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use crate::clock::manual::Manual;
use crate::counters::Counters;
use crate::hash::Hash;
use crate::journal::Journal;
use crate::lists::Lists;
use crate::lists::reading::database::{Access, NoDatabase};
use crate::shm::region::Region;
use crate::trusted::Trusted;

/// One list over one file, as a server has it.
struct Office {
    dir: tempfile::TempDir,
    lists: Lists,
    clock: Manual,
    hash: Hash,
    journal: Journal,
    counters: Counters,
    trusted: Trusted,
}

impl Office {
    fn new(file: &str, bytes: &[u8], list: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(file);
        fs::write(&path, bytes).unwrap();
        let text = format!("name=list;file={};{list}", path.display());
        let mut region = Region::new(Lists::ROOM + Journal::ROOM + Counters::ROOM).unwrap();
        let mut trusted = Trusted::default();
        trusted.add(b"198.51.100.0/24").unwrap();
        let office = Self {
            lists: Lists::new(
                &mut region,
                vec![Spec::parse(text.as_bytes()).unwrap()],
                64 << 20,
            )
            .unwrap(),
            clock: Manual::default(),
            hash: Hash::keyed([1, 2, 3, 4]),
            journal: Journal::new(&mut region, |_, _| (), 0).unwrap(),
            counters: Counters::new(&mut region).unwrap(),
            trusted,
            dir,
        };
        assert_eq!(office.desk().reload_all(), 0);
        office
    }

    fn desk(&self) -> Desk<'_, Manual> {
        Desk {
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
        }
    }

    fn list(&self) -> List<'_> {
        self.lists.by_name(b"list").unwrap()
    }

    fn path(&self) -> PathBuf {
        match &self.list().spec.origin {
            Origin::File { path, .. } => path.clone(),
            Origin::Table(_) | Origin::Names(_) => unreachable!("it is a file"),
        }
    }

    fn file(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.path()).unwrap()).into_owned()
    }

    fn edit(&self, value: &str, change: Change<'_>) -> Result<&'static str, Refused> {
        self.desk().edit(&self.list(), value.as_bytes(), change)
    }

    fn add(&self, value: &str, comment: &str) -> Result<&'static str, Refused> {
        let comment = comment.as_bytes();
        self.edit(
            value,
            Change::Add {
                seconds: 0,
                comment,
            },
        )
    }

    /// The values in force, in order.
    fn values(&self) -> Vec<String> {
        let pin = self.lists.arena().pin();
        let list = self.list();
        let image = list.image(&pin).unwrap();
        let entries = (0..image.len()).map(|index| image.entry(index).unwrap());
        entries
            .map(|hit| String::from_utf8_lossy(hit.written).into_owned())
            .collect()
    }
}

const NETWORKS: &str = "kind=network;action=deny";

#[test]
fn other_lines_stay_as_they_are() {
    let file = "# carriers\n\n192.0.2.0/24 ; one\n  203.0.113.7\t# two\r\nnot a line\n192.0.3.0/24";
    let office = Office::new("a.list", file.as_bytes(), NETWORKS);
    assert_eq!(office.add("192.0.5.1", "new one"), Ok("added"));
    assert_eq!(office.file(), format!("{file}\r\n192.0.5.1 # new one\r\n"));
    // Written in another way, it is the same; what is not said stays.
    assert_eq!(office.add("192.0.2.9/24", ""), Ok("replaced"));
    assert_eq!(
        office.file(),
        format!("{file}\r\n192.0.5.1 # new one\r\n")
            .replace("192.0.2.0/24 ; one\n", "192.0.2.9/24 # one\r\n")
    );
    assert_eq!(
        office.edit("203.0.113.7-203.0.113.7", Change::Remove),
        Ok("removed")
    );
    assert_eq!(
        office.file(),
        "# carriers\n\n192.0.2.9/24 # one\r\nnot a line\n192.0.3.0/24\r\n192.0.5.1 # new one\r\n"
    );
    assert_eq!(
        office.values(),
        ["192.0.2.9/24", "192.0.3.0/24", "192.0.5.1"]
    );
}

#[test]
fn a_time_is_written_and_kept() {
    let office = Office::new("a.list", b"", "kind=agent;action=deny");
    let change = Change::Add {
        seconds: 3600,
        comment: b"for an hour",
    };
    assert_eq!(office.edit("prefix:sip", change), Ok("added"));
    let file = office.file();
    let (before, time) = file.split_once("until=").unwrap();
    let (time, comment) = time.split_once(' ').unwrap();
    assert_eq!((before, comment), ("prefix:sip # ", "for an hour\n"));
    let left_s =
        crate::lists::reading::until::parse(time.as_bytes()).unwrap() - os::wall_ms() / 1000;
    assert!((3500..=3601).contains(&left_s), "{left_s}");
    // Without end again.
    assert_eq!(office.add("PREFIX:SIP", ""), Ok("replaced"));
    assert_eq!(office.file(), "PREFIX:SIP # for an hour\n");
    assert_eq!(office.values(), ["PREFIX:SIP"]);
}

#[test]
fn duplicates_go_together_and_the_last_one_may_go() {
    let office = Office::new("a.list", b"a\nb\nA\n", "kind=user;action=deny");
    assert_eq!(office.values(), ["a", "b"]);
    assert_eq!(office.edit("a", Change::Remove), Ok("removed"));
    assert_eq!(office.file(), "b\n");
    assert_eq!(office.edit("b", Change::Remove), Ok("removed"));
    assert_eq!((office.file().as_str(), office.values().len()), ("", 0));
    assert_eq!(office.add("c", ""), Ok("added"));
    assert_eq!(office.values(), ["c"]);
}

#[test]
fn every_format_is_edited() {
    for (name, file, added, removed) in [
        (
            "a.ndjson",
            "{\"cidr\":\"192.0.2.0/24\",\"x\":1}\n{\"type\":\"metadata\"}\n",
            "{\"cidr\":\"192.0.2.0/24\",\"x\":1}\n{\"type\":\"metadata\"}\n{\"cidr\":\"192.0.3.1\",\"comment\":\"c\"}\n",
            "{\"type\":\"metadata\"}\n{\"cidr\":\"192.0.3.1\",\"comment\":\"c\"}\n",
        ),
        (
            "a.csv",
            "id,ip,comment\n1,192.0.2.0/24,\"a\nb\"\n",
            "id,ip,comment\n1,192.0.2.0/24,\"a\nb\"\n,192.0.3.1,c\n",
            "id,ip,comment\n,192.0.3.1,c\n",
        ),
    ] {
        let office = Office::new(name, file.as_bytes(), NETWORKS);
        assert_eq!(office.add("192.0.3.1", "c"), Ok("added"), "{name}");
        assert_eq!(office.file(), added);
        assert_eq!(
            office.edit("192.0.2.0/24", Change::Remove),
            Ok("removed"),
            "{name}"
        );
        assert_eq!(office.file(), removed);
        assert_eq!(office.values(), ["192.0.3.1"], "{name}");
    }
}

#[test]
fn what_is_refused_changes_nothing() {
    let file = b"192.0.2.1\n";
    let office = Office::new("a.list", file, NETWORKS);
    let add = Change::Add {
        seconds: 0,
        comment: b"",
    };
    for (value, change, code, part) in [
        (
            "example.com",
            add,
            400,
            "value=example.com: must be an address",
        ),
        (
            "example.com",
            Change::Remove,
            400,
            "value=example.com: must be an address",
        ),
        (
            "192.0.2.2",
            Change::Remove,
            404,
            "value=192.0.2.2: is not in the list",
        ),
        (
            "0.0.0.0/0",
            add,
            403,
            "value=0.0.0.0/0: it is everybody; a list with force=1 takes it",
        ),
        (
            "10.0.0.1",
            add,
            403,
            "value=10.0.0.1: it has addresses of 10.0.0.0/8",
        ),
        (
            "198.51.100.7",
            add,
            403,
            "value=198.51.100.7: it is trusted",
        ),
    ] {
        let refused = office.edit(value, change).expect_err(value);
        assert_eq!(refused.code, code, "{}", refused.sentence);
        assert!(refused.sentence.starts_with(part), "{}", refused.sentence);
    }
    assert_eq!(office.file().as_bytes(), file);
    assert_eq!(office.values(), ["192.0.2.1"]);
    let forced = Office::new("a.list", file, "kind=network;action=deny;force=1");
    assert_eq!(forced.add("10.0.0.1", ""), Ok("added"));
    let trusting = Office::new("a.list", file, "kind=network;action=trust");
    assert_eq!(trusting.add("10.0.0.0/8", ""), Ok("added"));
}

#[test]
fn a_file_that_has_come_up_empty_is_not_edited() {
    let office = Office::new("a.list", b"192.0.2.1\n192.0.2.2\n", NETWORKS);
    fs::write(office.path(), b"<html>error</html>\n").unwrap();
    let refused = office
        .add("192.0.2.3", "")
        .expect_err("it has no good line");
    assert_eq!(refused.code, 500);
    assert!(
        refused.sentence.contains("the 2 entries of before stay"),
        "{}",
        refused.sentence
    );
    assert_eq!(office.values(), ["192.0.2.1", "192.0.2.2"]);
    assert!(office.list().last_error().contains("2 entries"));
    fs::remove_file(office.path()).unwrap();
    let refused = office.add("192.0.2.3", "").expect_err("it is gone");
    assert!(
        refused.sentence.ends_with("there is no such file"),
        "{}",
        refused.sentence
    );
    assert!(!office.path().exists());
}

#[test]
fn owner_mode_and_links_stay() {
    let office = Office::new("a.list", b"192.0.2.1\n", NETWORKS);
    let real = office.dir.path().join("real.list");
    fs::rename(office.path(), &real).unwrap();
    symlink("real.list", office.path()).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    // Root may give it to another; everybody else keeps what he has.
    let _given = std::os::unix::fs::chown(&real, Some(1), Some(2));
    let before = fs::metadata(&real).unwrap();
    // One that a process left that died while it wrote.
    let beside = office.dir.path().join(".real.list.palisade");
    fs::write(&beside, b"192").unwrap();
    assert_eq!(office.add("192.0.2.2", ""), Ok("added"));
    let after = fs::metadata(&real).unwrap();
    assert_eq!(
        (before.mode(), before.uid(), before.gid()),
        (after.mode(), after.uid(), after.gid())
    );
    assert_ne!(before.ino(), after.ino());
    assert!(fs::symlink_metadata(office.path()).unwrap().is_symlink());
    assert!(!beside.exists());
    assert_eq!(office.file(), "192.0.2.1\n192.0.2.2\n");
}

proptest::proptest! {
    /// What was added can be removed, and then nothing has changed but the end of the last line.
    #[test]
    fn adding_and_removing_leave_what_was_there(
        lines in proptest::collection::vec("[a-c]{0,2}( # [a-z]{0,3})?", 0..6), value in "[x-z]{1,3}",
    ) {
        let file = lines.join("\n");
        let wanted = |change| Wanted {
            value: value.as_bytes(),
            key: Key::Text(0, value.as_bytes().to_vec()),
            change,
        };
        let spec = Spec::parse(b"name=x;kind=user;action=deny;file=/x").unwrap();
        let apply = |bytes: &[u8], change| {
            let wanted = wanted(change);
            let found = wanted.find(&spec, Format::Text, bytes);
            wanted.apply(Format::Text, bytes, &found).unwrap().0
        };
        let added = apply(file.as_bytes(), Change::Add { seconds: 0, comment: b"" });
        proptest::prop_assert!(added.starts_with(file.as_bytes()));
        let removed = apply(&added, Change::Remove);
        let end = if file.is_empty() || file.ends_with('\n') { "" } else { "\n" };
        proptest::prop_assert_eq!(removed, format!("{file}{end}").into_bytes());
    }
}
