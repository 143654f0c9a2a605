//! Several files, one after the other; what is replaced, and what stays when a file is broken.

use std::path::PathBuf;

use crate::shm::region::Region;

use super::*;

/// A folder with files, and what was made of them.
struct Files {
    folder: tempfile::TempDir,
    geo: Geo,
    arena: Arena,
}

impl Files {
    fn named(names: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut inputs = Inputs::default();
        for name in names {
            let path = folder.path().join(name);
            let is_table = name.starts_with("db=");
            let path = if is_table {
                name
            } else {
                path.to_str().unwrap()
            };
            inputs.add(path.as_bytes()).unwrap();
        }
        let mut region = Region::new(Geo::room(&inputs) + Arena::ROOM).unwrap();
        Self {
            geo: Geo::new(&mut region, &inputs).unwrap(),
            arena: Arena::new(&mut region, 16 << 20).unwrap(),
            folder,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a file in place as an updater does.
    fn put(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path("new"), bytes).unwrap();
        std::fs::rename(self.path("new"), self.path(name)).unwrap();
    }

    /// What was told of each, without the folder.
    fn load(&self) -> Vec<String> {
        self.load_with(&|_, _, _| panic!("no table is read"))
    }

    fn load_with(&self, table: &ReadTable<'_>) -> Vec<String> {
        let load = |number| {
            let fresh = self.geo.read(number, 16 << 20, table)?;
            self.geo.put(number, fresh, &self.arena, 7)
        };
        let told = (0..self.geo.each().count()).map(|number| match load(number) {
            Ok(loaded) => format!("{} bad={:?}", loaded.entries, loaded.bad.told),
            Err(sentence) => {
                self.geo.fail(number, &sentence);
                sentence
            }
        });
        let told: Vec<String> = told.collect();
        let folder = self.folder.path().to_str().unwrap();
        told.iter().map(|line| line.replace(folder, "")).collect()
    }

    fn show(&self, address: &str) -> String {
        let address = Address::parse(address.as_bytes()).unwrap();
        let country = self.geo.country_of(&self.arena, address).unwrap_or(*b"--");
        let asn = self.geo.asn_of(&self.arena, address).unwrap_or(0);
        format!("{} {asn}", std::str::from_utf8(&country).unwrap())
    }
}

#[test]
fn a_later_file_fills_what_an_earlier_one_lacks() {
    let files = Files::named(&["asn.mmdb", "country.csv", "more.mmdb"]);
    let asn = Mmdb::new(24).network("192.0.2.0/24", system(64500));
    files.put("asn.mmdb", &asn.bytes());
    files.put(
        "country.csv",
        b"192.0.2.0,192.0.2.127,ES\n198.51.100.0,198.51.100.255,FR\nx,y,z\n",
    );
    let more = Mmdb::new(32)
        .network("192.0.2.0/24", country("DE"))
        .network("198.51.100.0/24", system(64501));
    files.put("more.mmdb", &more.bytes());
    let bad = "line 3: x: must be an IPv4 or IPv6 address";
    let told = [
        "1 bad=[]".to_owned(),
        format!("2 bad=[{bad:?}]"),
        "2 bad=[]".to_owned(),
    ];
    assert_eq!(files.load(), told);
    for (address, expected) in [
        ("192.0.2.1", "ES 64500"),
        ("192.0.2.128", "DE 64500"),
        ("198.51.100.1", "FR 64501"),
        ("203.0.113.1", "-- 0"),
        ("2001:db8::1", "-- 0"),
    ] {
        assert_eq!(files.show(address), expected, "{address}");
    }
}

#[test]
fn what_is_broken_changes_nothing_and_says_why() {
    let files = Files::named(&["a.mmdb", "b.csv"]);
    let spain = Mmdb::new(28).network("192.0.2.0/24", country("ES")).bytes();
    let never = files.load();
    assert!(
        never[0].starts_with("file=/a.mmdb: there is no such file"),
        "{never:?}"
    );
    assert_eq!(
        files
            .geo
            .each()
            .map(|(_, told)| told.loaded_ms)
            .collect::<Vec<_>>(),
        [None; 2]
    );
    assert_eq!(files.show("192.0.2.1"), "-- 0");

    files.put("a.mmdb", &spain);
    files.put("b.csv", b"192.0.2.0,192.0.2.255,64500,Example\n");
    assert_eq!(files.load(), ["1 bad=[]", "1 bad=[]"]);
    assert_eq!(files.show("192.0.2.1"), "ES 64500");

    let nothing = Mmdb::new(28)
        .network("192.0.2.0/24", Value::Map(vec![]))
        .bytes();
    for (name, bytes, why) in [
        (
            "a.mmdb",
            &spain[..spain.len() / 2],
            "file=/a.mmdb: no sound MaxMind file: ",
        ),
        ("a.mmdb", b"", "file=/a.mmdb: no sound MaxMind file: "),
        (
            "a.mmdb",
            &nothing,
            "file=/a.mmdb: has no country and no autonomous system",
        ),
        (
            "a.mmdb",
            &Mmdb::cyclic(24).bytes(),
            "file=/a.mmdb: no sound MaxMind file: ",
        ),
        (
            "b.csv",
            b"",
            "file=/b.csv: has no country and no autonomous system",
        ),
        (
            "b.csv",
            b"1.0.0.0,1.0.0.255,ZZ",
            "file=/b.csv: has no country and no autonomous system",
        ),
        (
            "b.csv",
            b"network,geoname_id\n192.0.2.0/24,7\n",
            "file=/b.csv: has no country and no autonomous system: line 2: must be first,last,",
        ),
    ] {
        files.put(name, bytes);
        let told = files.load();
        assert!(told.iter().any(|line| line.starts_with(why)), "{told:?}");
        let rows: Vec<Told> = files.geo.each().map(|(_, told)| told).collect();
        let last = rows.iter().find(|row| !row.last_error.is_empty()).unwrap();
        assert!(last.last_error.contains(&why[5..]), "{last:?}");
        assert_eq!((last.entries, last.loaded_ms), (1, Some(7)));
        assert_eq!(files.show("192.0.2.1"), "ES 64500", "{why}");
        files.put("a.mmdb", &spain);
        files.put("b.csv", b"192.0.2.0,192.0.2.255,64500,Example\n");
        files.load();
        assert!(files.geo.each().all(|(_, told)| told.last_error.is_empty()));
    }

    files.put(
        "a.mmdb",
        &Mmdb::new(28).network("192.0.2.0/24", country("FR")).bytes(),
    );
    files.load();
    assert_eq!(files.show("192.0.2.1"), "FR 64500");
    std::fs::write(files.path("a.mmdb"), b"").unwrap(); // truncated where it lies
    assert_eq!(files.show("192.0.2.1"), "FR 64500");
}

#[test]
fn a_table_is_read_as_a_file_is() {
    let files = Files::named(&["db=ipcountry"]);
    let address = |text: &[u8]| Address::parse(text).unwrap();
    let told = files.load_with(&|name, range, bad| {
        assert_eq!(name, "ipcountry");
        range(address(b"192.0.2.0"), address(b"192.0.2.255"), b"es");
        bad(2, "ipstart: x: must be an address".to_owned());
        Ok(())
    });
    assert_eq!(told, [r#"1 bad=["row 2: ipstart: x: must be an address"]"#]);
    assert_eq!(files.show("192.0.2.1"), "ES 0");
    for (answer, why) in [
        (
            Err("no such table".to_owned()),
            "db=ipcountry: no such table",
        ),
        (
            Ok(()),
            "db=ipcountry: has no country and no autonomous system",
        ),
    ] {
        assert_eq!(files.load_with(&|_, _, _| answer.clone()), [why]);
        assert_eq!(files.show("192.0.2.1"), "ES 0", "{why}");
    }
}
