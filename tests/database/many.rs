//! Many rows, read in pages: Kamailio's private memory (8 MB) would not hold them at once.

use super::{call, each, kamailio, row, stop};
use serde_json::json;

const ROWS: u32 = 100_000;

#[test]
fn a_hundred_thousand_rows_are_read() {
    each(|store| {
        let value = |number: u32| {
            let address = std::net::Ipv4Addr::from(0x0200_0000 + number * 2);
            format!("('bad', '{address}', 'a comment of the usual length')")
        };
        let numbers: Vec<u32> = (0..ROWS).collect();
        for some in numbers.chunks(20_000) {
            let values: Vec<String> = some.iter().map(|&number| value(number)).collect();
            store.run(&format!(
                "INSERT INTO palisade_list (name, value, comment) VALUES {};",
                values.join(",")
            ));
        }
        store.run("INSERT INTO palisade_list (name, value) VALUES ('other', 'x');");
        let kam = kamailio(
            store,
            &["name=bad;kind=network;action=deny;db=palisade_list;force=1"],
        )
        .start();
        for _ in 0..2 {
            let shown = row(&kam, "bad");
            assert_eq!(
                shown.number("entries"),
                i64::from(ROWS),
                "{shown}\n{}",
                kam.log()
            );
            call(&kam, "reload", json!(["bad"]));
        }
        let last = std::net::Ipv4Addr::from(0x0200_0000 + (ROWS - 1) * 2).to_string();
        let found = call(&kam, "list_find", json!([last])).rows("rows");
        assert_eq!(found.len(), 1);
        stop(kam);
    });
}
