//! A number is taken as it was written, whichever way it comes: what is no whole number is never
//! rounded to one. Zero seconds are for ever.

use super::{call, kamailio};
use crate::support::{Rpc, Server};
use serde_json::{Value, json};

/// As they stand in JSON, or behind kamcmd's command.
const REFUSED: [&str; 14] = [
    "0.9",
    "-0.5",
    "0.0004",
    "1e30",
    "-1e30",
    "1e-3",
    "60.5",
    "1e300",
    "18446744073709551615",
    "18446744073709551616",
    "9223372036854775808",
    "315360001",
    "-1",
    "-2147483648",
];

/// An argument as it was written: serde_json would write a number its own way.
fn ask(kam: &Server, via: Rpc, number: &str) -> Result<i64, (i64, String)> {
    let params = match via {
        Rpc::Kamcmd => json!(["192.0.2.1", number]),
        _ => json!([
            "192.0.2.1",
            serde_json::from_str::<Value>(number).expect(number)
        ]),
    };
    let answer = kam.rpc(via, "palisade.ban", params);
    answer
        .map(|reply| reply.number("seconds"))
        .map_err(|error| (error.code, error.message))
}

#[test]
fn what_is_no_whole_number_in_range_is_refused() {
    let kam = kamailio().start();
    for via in Rpc::ALL {
        for number in REFUSED {
            // kamcmd itself makes ints of those that are too long for one, and options of those that
            // begin with a minus.
            let is_cut = number.parse::<f64>().is_ok_and(|value| value.abs() > 2e9);
            if via == Rpc::Kamcmd && (is_cut || number.starts_with('-')) {
                continue;
            }
            let (code, sentence) = ask(&kam, via, number).expect_err(number);
            assert_eq!(code, 400, "{via:?} {number}: {sentence}");
            let part = ": must be a number between 0 and 315360000";
            assert!(
                sentence.starts_with("seconds=") && sentence.contains(part),
                "{via:?} {number}: {sentence}"
            );
        }
    }
    assert_eq!(call(&kam, Rpc::Http, "bans", json!([])).number("total"), 0);
    kam.assert_healthy();
}

#[test]
fn what_is_a_whole_number_is_taken() {
    let kam = kamailio().start();
    for via in Rpc::ALL {
        for (number, seconds) in [
            ("0", 0),
            ("60", 60),
            ("6e1", 60),
            ("60.0", 60),
            ("315360000", 315_360_000),
        ] {
            // Over ctl, what was written with a point or an exponent is not told from 60.0004.
            if via == Rpc::Kamcmd && number.contains(['.', 'e']) {
                continue;
            }
            assert_eq!(ask(&kam, via, number), Ok(seconds), "{via:?} {number}");
        }
        let text = kam.rpc(via, "palisade.ban", json!(["192.0.2.1", "s:60"]));
        assert_eq!(text.is_ok(), via == Rpc::Kamcmd, "{via:?}");
    }
    kam.assert_healthy();
}

/// A number with a fraction does not vanish, and what follows it does not take its place.
#[test]
fn no_argument_is_skipped() {
    let kam = kamailio().start();
    for via in Rpc::ALL {
        for params in [json!([1.5, "192.0.2.1"]), json!(["192.0.2.1", 0.5, "x"])] {
            let params = match via {
                Rpc::Kamcmd => Value::Array(
                    params
                        .as_array()
                        .expect("an array")
                        .iter()
                        .map(as_typed)
                        .collect(),
                ),
                _ => params,
            };
            let error = kam
                .rpc(via, "palisade.ban", params.clone())
                .expect_err("refused");
            assert_eq!(error.code, 400, "{via:?} {params}: {error}");
        }
    }
    assert_eq!(call(&kam, Rpc::Http, "bans", json!([])).number("total"), 0);
}

fn as_typed(param: &Value) -> Value {
    json!(
        param
            .as_str()
            .map_or_else(|| param.to_string(), str::to_owned)
    )
}
