//! The harness under test, against stock Kamailio modules only.

mod support;

use serde_json::json;
use std::time::{Duration, Instant};
use support::{Flood, Kamailio, Pace, Phone, Rpc, Server, wait_until};

const OK: &str = r#"request_route { sl_send_reply("200", "OK"); }"#;

/// A registrar's edge with one password for everybody; `$var(qop)` as given.
fn registrar(qop: u8) -> Server {
    Kamailio::with(&format!(
        r#"
        loadmodule "auth.so"
        request_route {{
            if (!pv_www_authenticate("$td", "secret", "0")) {{
                www_challenge("$td", "{qop}");
                exit;
            }}
            sl_send_reply("200", "OK");
        }}"#
    ))
    .start()
}

#[test]
fn registers_with_and_without_qop() {
    for qop in [0, 1] {
        let kam = registrar(qop);
        let phone = Phone::udp(&kam, "127.0.0.5");
        assert_eq!(phone.register("alice", "secret"), Some(200), "qop {qop}");
        assert_eq!(phone.register("alice", "wrong"), Some(401), "qop {qop}");
        assert_eq!(
            Phone::tcp(&kam, "127.0.0.6").register("bob", "secret"),
            Some(200),
            "TCP, qop {qop}"
        );
        assert_eq!(
            Phone::udp(&kam, "::1").register("bob", "secret"),
            Some(200),
            "IPv6, qop {qop}"
        );
        kam.stop();
    }
}

#[test]
fn sees_sources_transports_and_agents_as_they_are() {
    let kam =
        Kamailio::with(r#"request_route { sl_send_reply("200", "as $proto $si $ua"); }"#).start();
    let cases = [
        (Phone::udp(&kam, "127.0.0.5"), "as udp 127.0.0.5 A"),
        (Phone::udp(&kam, "127.9.9.9"), "as udp 127.9.9.9 A"),
        (Phone::tcp(&kam, "127.0.0.5"), "as tcp 127.0.0.5 A"),
        (Phone::udp(&kam, "::1"), "as udp ::1 A"),
        (Phone::tcp(&kam, "::1"), "as tcp ::1 A"),
    ];
    for (phone, seen) in cases {
        let answer = phone.ask(&phone.request("OPTIONS").agent("A")).expect(seen);
        assert_eq!(answer.reason(), Some(seen));
    }
}

#[test]
fn lists_workers_with_memory_and_cpu_time() {
    let kam = Kamailio::with(OK).workers(3).start();
    assert_eq!(
        kam.workers().len(),
        6,
        "three for each address: {:?}",
        kam.processes()
    );
    assert_eq!(kam.processes()[0].pid, kam.pid());
    let before: Duration = kam.workers().iter().map(|worker| worker.cpu_time()).sum();
    Flood::on(&kam).requests(2000).send();
    assert!(
        kam.workers()
            .iter()
            .map(|worker| worker.cpu_time())
            .sum::<Duration>()
            > before
    );
    for worker in kam.workers() {
        let memory = worker.memory();
        assert!(
            memory.rss > memory.rss_private && memory.pss < memory.rss,
            "{memory:?}"
        );
        assert!(
            memory.rss_private > 100 << 10 && memory.rss < 100 << 20,
            "{memory:?}"
        );
    }
    kam.assert_healthy();
}

#[test]
fn every_rpc_way_gives_the_same_tree() {
    let kam = Kamailio::with(&format!(
        r#"
        loadmodule "htable.so"
        modparam("htable", "htable", "one=>size=2;")
        modparam("htable", "htable", "none=>size=2;")
        {OK}"#
    ))
    .start();
    let set = kam.rpc(
        Rpc::Http,
        "htable.sets",
        json!(["one", "key", "with: a colon"]),
    );
    assert!(set.is_ok(), "{set:?}");
    for via in Rpc::ALL {
        let call = |method, params| {
            kam.rpc(via, method, params)
                .unwrap_or_else(|err| panic!("{via:?}: {err}"))
        };
        assert!(
            call("core.uptime", json!([])).number("uptime") >= 0,
            "{via:?}"
        );
        assert_eq!(
            call("core.echo", json!(["a b", "c"])),
            kam.rpc(Rpc::Http, "core.echo", json!(["a b", "c"]))
                .unwrap()
        );
        let dump = call("htable.dump", json!(["one"]));
        assert_eq!(dump.records().len(), 1, "{via:?}: {dump}");
        assert_eq!(
            dump.records()[0].rows("slot")[0].text("value"),
            "with: a colon",
            "{via:?}: {dump}"
        );
        assert_eq!(
            call("htable.dump", json!(["none"])).records(),
            vec![],
            "{via:?}"
        );
        assert_eq!(
            call("core.sockets_list", json!([])).records().len(),
            4,
            "{via:?}"
        );
        let error = kam.rpc(via, "no.such", json!([])).unwrap_err();
        assert!(
            (400..600).contains(&error.code) && error.message.to_lowercase().contains("not found"),
            "{via:?}: {error}"
        );
    }
    assert!(kam.kamcmd(&["core.version"]).starts_with("kamailio "));
}

#[test]
fn silence_is_known_without_waiting_for_a_timeout() {
    let kam = Kamailio::with(
        r#"request_route { if ($ua =~ "silent") exit; sl_send_reply("200", "OK"); }"#,
    )
    .start();
    for phone in [Phone::udp(&kam, "127.0.0.5"), Phone::tcp(&kam, "127.0.0.5")] {
        // On a machine that is busy it may take as long as a timeout, but not each time.
        let is_quick = (0..10).any(|_| {
            let start = Instant::now();
            let silent = phone.request("OPTIONS").agent("silent");
            assert_eq!(phone.status(&silent), None);
            start.elapsed() < Duration::from_secs(5)
        });
        assert!(is_quick);
        assert_eq!(phone.status(&phone.request("OPTIONS")), Some(200));
    }
    let tally = Flood::on(&kam)
        .sources(["127.0.0.7", "127.0.0.8"])
        .requests(300)
        .each(|phone, n| {
            phone
                .request("OPTIONS")
                .agent(if n % 3 == 0 { "silent" } else { "loud" })
        })
        .send();
    assert_eq!(
        (tally.silent(), tally.with(200), tally.first_silent()),
        (100, 200, Some(0)),
        "{tally}"
    );
    assert_eq!(tally.of("127.0.0.8").silent(), 50);
}

#[test]
fn waits_for_a_slow_server() {
    let kam = Kamailio::with(
        r#"
        loadmodule "cfgutils.so"
        request_route { usleep("300000"); sl_send_reply("200", "slowly"); }"#,
    )
    .start();
    let phone = Phone::udp(&kam, "127.0.0.5");
    // Asleep, but not waiting for work: that is no silence.
    assert_eq!(phone.status(&phone.request("OPTIONS")), Some(200));
}

#[test]
fn retransmits_verbatim_and_sends_raw_bytes() {
    let kam = Kamailio::with(
        r#"request_route { xlog("L_NOTICE", "got $ci $cs\n"); sl_send_reply("200", "OK"); }"#,
    )
    .start();
    let phone = Phone::udp(&kam, "127.0.0.5");
    let request = phone.request("OPTIONS").header("Call-ID", "the-same");
    assert_eq!(phone.status(&request), Some(200));
    assert_eq!(phone.status(&request), Some(200));
    assert_eq!(phone.status(&request.next()), Some(200));
    phone.send_raw(b"\r\n\r\n");
    phone.send_raw(b"\x00\xff no SIP at all\r\n\r\n");
    kam.wait_idle();
    assert!(
        kam.log()
            .expect("got the-same 2")
            .ends_with("got the-same 2")
    );
    assert_eq!(kam.log().matching("got the-same 1").len(), 2);
    kam.assert_healthy();
}

#[test]
fn two_phones_call_each_other_through_the_server() {
    let kam = Kamailio::with(
        r#"
        request_route {
            if (is_method("ACK")) { t_relay(); exit; }
            $du = $hdr(X-Callee);
            t_relay();
        }"#,
    )
    .start();
    let (caller, callee) = (Phone::udp(&kam, "127.0.0.5"), Phone::udp(&kam, "127.0.0.6"));
    let invite = caller
        .request("INVITE")
        .header("X-Callee", format!("sip:{}", callee.local()));
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let arrived = callee.receive(Duration::from_secs(10)).expect("an INVITE");
            assert_eq!(arrived.method(), Some("INVITE"));
            callee.respond(&arrived, 486, "Busy Here");
            let ack = callee.receive(Duration::from_secs(10)).expect("an ACK");
            assert_eq!(ack.method(), Some("ACK"));
        });
        assert_eq!(caller.status(&invite), Some(486));
    });
}

#[test]
fn a_failed_start_is_told_with_its_log() {
    let cases = [
        (
            r#"modparam("tm", "no_such_parameter", 1)"#,
            "no_such_parameter",
        ),
        (
            r#"loadmodule "no_such_module.so""#,
            "could not find module <no_such_module>",
        ),
        ("this is no config", "syntax error"),
    ];
    for (bad, told) in cases {
        let log = Kamailio::with(&format!("{bad}\n{OK}")).expect_start_failure();
        assert!(log.contains(told), "{bad}: {log}");
    }
    let start = std::panic::catch_unwind(|| Kamailio::with("this is no config").start());
    let told = start
        .err()
        .expect("it does not start")
        .downcast::<String>()
        .expect("a text");
    assert!(told.contains("syntax error"), "{told}");
}

#[test]
fn a_worker_that_dies_fails_the_test() {
    let end = |kam: Kamailio| {
        std::panic::catch_unwind(|| {
            let kam = kam.start();
            kam.workers()[0].signal(libc::SIGKILL);
            kam.log().expect("exited by a signal 9");
            assert!(wait_until(
                || kam.processes().iter().all(|process| !process.is_alive()),
                Duration::from_secs(10)
            ));
        })
    };
    let told = end(Kamailio::with(OK))
        .expect_err("unnoticed")
        .downcast::<String>()
        .expect("a text");
    assert!(told.contains("exited by a signal 9"), "{told}");
    assert!(end(Kamailio::with(OK).allow("exited by a signal 9")).is_ok());
}

#[test]
fn two_servers_side_by_side_know_nothing_of_each_other() {
    let one = Kamailio::with(r#"request_route { sl_send_reply("200", "one"); }"#).start();
    let two = Kamailio::with(r#"request_route { sl_send_reply("200", "two"); }"#).start();
    assert_ne!((one.port(), one.dir()), (two.port(), two.dir()));
    for (kam, name) in [(&one, "one"), (&two, "two")] {
        let phone = Phone::udp(kam, "127.0.0.5");
        assert_eq!(
            phone.ask(&phone.request("OPTIONS")).expect(name).reason(),
            Some(name)
        );
    }
    let pid = one.pid();
    one.stop();
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
    two.assert_healthy();
}

#[test]
fn whole_configs_and_files_take_defines() {
    let config = r#"
        #!ifndef PORT
        #!define PORT 5060
        #!endif
        #!ifndef CTL
        #!define CTL "unix:/run/kamailio/kamailio_ctl"
        #!endif
        children=1
        disable_tcp=yes
        listen=udp:127.0.0.1:PORT
        loadmodule "tm.so"
        loadmodule "sl.so"
        loadmodule "pv.so"
        loadmodule "ctl.so"
        loadmodule "jsonrpcs.so"
        modparam("ctl", "binrpc", CTL)
        request_route { sl_send_reply("200", "OK"); }"#;
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), config).expect("write it");
    for kam in [Kamailio::file(file.path()), Kamailio::whole(config)] {
        let kam = kam
            .define("PORT", "@PORT@")
            .define("CTL", r#""unix:@DIR@/ctl""#)
            .start();
        let phone = Phone::udp(&kam, "127.0.0.5");
        assert_eq!(phone.status(&phone.request("OPTIONS")), Some(200));
        for via in [Rpc::Kamcmd, Rpc::Fifo, Rpc::Datagram] {
            kam.rpc(via, "core.uptime", json!([]))
                .unwrap_or_else(|err| panic!("{via:?}: {err}"));
        }
        kam.stop();
    }
}

#[test]
fn the_stock_recipes_do_what_they_are_known_for() {
    let kam = Kamailio::with(&support::stock::pike_ipban(20, 2, 300)).start();
    let tally = Flood::on(&kam).from("127.0.0.66").requests(200).send();
    assert!(
        (21..100).contains(&tally.answered()),
        "pike lets more than its limit through: {tally}"
    );
    assert_eq!(
        kam.rpc(Rpc::Kamcmd, "htable.dump", json!(["ipban"]))
            .unwrap()
            .records()
            .len(),
        1
    );

    let kam = Kamailio::with(&support::stock::auth_count()).start();
    let (guesser, alice) = (
        Phone::udp(&kam, "127.0.0.66"),
        Phone::udp(&kam, "127.0.0.5"),
    );
    assert_eq!(alice.register("alice", support::stock::PASSWORD), Some(200));
    let guesses: Vec<_> = (0..60)
        .map(|n| guesser.register("alice", &format!("guess {n}")))
        .collect();
    assert_eq!(guesses[..3], [Some(401); 3]);
    assert_eq!(guesses[3..], [Some(403); 57]);
    assert_eq!(
        kam.log().matching("evaluated alice from 127.0.0.66").len(),
        3
    );
    let locked_out = (0..6).all(|_| alice.register("alice", support::stock::PASSWORD) == Some(403));
    assert!(
        locked_out,
        "the recipe blocks the real user, wherever he is"
    );
}

#[test]
fn paces_by_the_clock() {
    let mut pace = Pace::per_second(200.0);
    let start = Instant::now();
    let due: Vec<Duration> = (0..21).map(|_| pace.tick()).collect();
    assert_eq!(
        (due[0], due[20]),
        (Duration::ZERO, Duration::from_millis(100))
    );
    assert!(start.elapsed() >= due[20]);
}
