//! The keeper's process: that it is there, that it sleeps, and that it ends as others do.

use super::{Lists, call, row, rpc};
use crate::support::{Kamailio, Process, Rpc, Server, wait_until};
use serde_json::json;
use std::time::Duration;

#[track_caller]
fn keeper(kam: &Server) -> &Process {
    let keeper = kam
        .processes()
        .iter()
        .find(|process| process.what == "Palisade keeper");
    keeper.unwrap_or_else(|| panic!("no keeper among {:?}", kam.processes()))
}

#[test]
fn it_is_one_process_with_a_name_where_there_is_something_to_keep() {
    let lists = Lists::new().bad("192.0.2.1\n");
    let kam = lists.start();
    let told = kam.kamcmd(&["core.psx"]);
    assert_eq!(told.matches("Palisade keeper").count(), 1, "{told}");
    // It sleeps while nobody wants anything: nothing can be waited for but time.
    let before = keeper(&kam).cpu_time();
    std::thread::sleep(Duration::from_millis(1500));
    let busy = keeper(&kam).cpu_time() - before;
    assert!(busy < Duration::from_millis(150), "{busy:?}");
    kam.stop_within(Duration::from_secs(10));
    let kam = Kamailio::with("loadmodule \"palisade.so\"\nrequest_route { exit; }").start();
    assert!(!kam.kamcmd(&["core.psx"]).contains("Palisade keeper"));
    assert_eq!(call(&kam, "lists", json!([])).number("total"), 0);
    assert_eq!(call(&kam, "reload", json!([])).text("done"), "0 failed");
    kam.stop();
}

#[test]
fn kamailio_stops_while_a_large_list_is_loaded() {
    let many: String = (0..300_000_u32)
        .map(|number| format!("{}\n", std::net::Ipv4Addr::from(0x0100_0000 + 3 * number)))
        .collect();
    let lists = Lists::new().bad(many);
    let kam = lists.start();
    assert_eq!(row(&kam, "bad").number("entries"), 300_000);
    // A SIP worker has it started, and does not wait.
    let reply = kam.rpc(Rpc::Http, "palisade.reload", json!([]));
    assert_eq!(reply.expect("started").text("done"), "started");
    kam.stop_within(Duration::from_secs(10));
}

#[test]
fn kamailio_stops_when_the_keeper_is_killed() {
    let lists = Lists::new().bad("192.0.2.1\n");
    let kam = lists.kamailio().allow("exited by a signal").start();
    let pid = keeper(&kam).pid;
    // SAFETY: takes two numbers, touches no memory.
    assert_eq!(unsafe { libc::kill(pid, libc::SIGKILL) }, 0);
    let all_gone = || kam.processes().iter().all(|process| !process.is_alive());
    assert!(
        wait_until(all_gone, Duration::from_secs(20)),
        "{}",
        kam.log()
    );
}

/// `lists.taken` is a fail point (src/shm/fail.rs).
#[test]
fn a_fault_of_the_keeper_is_told_to_who_asked_and_costs_nothing_else() {
    let lists = Lists::new().bad("192.0.2.1\n");
    let kam = lists
        .kamailio()
        .palisade_so(crate::faults::module())
        .environment("PALISADE_FAIL", "lists.taken=panic")
        .start();
    for round in 1..=3 {
        let error = rpc(&kam, "reload", json!([])).expect_err("a panic");
        assert_eq!(error.code, 500, "{error}");
        assert!(
            error.message.contains("the module failed, see the log"),
            "{error}"
        );
        // Who asked is answered first, and the fault is counted after.
        let is_counted = || call(&kam, "stats", json!([])).number("faults") == round;
        assert!(wait_until(is_counted, Duration::from_secs(10)));
    }
    kam.log().expect("fault function=palisade_keeper_turn");
    assert_eq!(row(&kam, "bad").number("entries"), 1);
    kam.stop();
}
