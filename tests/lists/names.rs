//! Names in `trusted`: a DNS that keeps silent, or knows one name and not the other, holds up nothing.

use super::{call, row};
use crate::support::{Kamailio, Server, wait_until};
use serde_json::json;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Names that are silent until they are told to answer.
const SILENT: &str = "silent";

/// A resolver at an address of its own, in whose network a test runs.
struct Resolver {
    answers_all: Arc<AtomicBool>,
}

impl Resolver {
    /// Runs `body` where this is the only resolver.
    fn run(address: &str, body: impl FnOnce(&Resolver) + Send + 'static) {
        let socket = UdpSocket::bind((address, 53)).expect("a resolver's port: run as root");
        let resolver = Resolver {
            answers_all: Arc::default(),
        };
        let answers_all = Arc::clone(&resolver.answers_all);
        std::thread::spawn(move || {
            let mut packet = [0; 512];
            while let Ok((len, from)) = socket.recv_from(&mut packet) {
                if let Some(answer) = answer(&packet[..len], answers_all.load(Relaxed)) {
                    let _sent = socket.send_to(&answer, from);
                }
            }
        });
        let config = format!("nameserver {address}\n");
        let inside = std::thread::spawn(move || {
            let dir = tempfile::tempdir().expect("a folder");
            // SAFETY: takes a number; of this thread alone, and of what it starts.
            let made = unsafe { libc::unshare(libc::CLONE_NEWNS) };
            assert_eq!(made, 0, "{}: run as root", std::io::Error::last_os_error());
            mount(&["--make-rprivate", "/"]);
            for (name, content) in [
                ("resolv.conf", config.as_str()),
                ("nsswitch.conf", "hosts: files dns\n"),
            ] {
                let file = dir.path().join(name);
                std::fs::write(&file, content).expect("write");
                let file = file.to_str().expect("a path");
                mount(&["--bind", file, &format!("/etc/{name}")]);
            }
            body(&resolver);
        });
        inside.join().expect("it failed, see above");
    }
}

#[track_caller]
fn mount(arguments: &[&str]) {
    let done = std::process::Command::new("mount").args(arguments).status();
    assert!(done.expect("mount").success(), "{arguments:?}");
}

/// The answer to a query, or silence: an address for `good…`, 0.0.0.0 for `blocked…`, none for `bad…`.
fn answer(query: &[u8], answers_all: bool) -> Option<Vec<u8>> {
    let (header, question) = query.split_at_checked(12)?;
    let end = question.iter().position(|&byte| byte == 0)? + 5;
    let question = question.get(..end)?;
    let is_a = question.get(end - 4..end - 2)? == [0, 1];
    let is = |name: &str| question[1..].starts_with(name.as_bytes());
    if is(SILENT) && !answers_all {
        return None;
    }
    let address = match is("blocked") {
        true => Ipv4Addr::UNSPECIFIED,
        false => Ipv4Addr::new(192, 0, 2, question[7]),
    };
    let count = u8::from(is_a && !is("bad"));
    let code = if is("bad") { 3 } else { 0 };
    let mut answer = header[..2].to_vec();
    answer.extend([0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0]);
    answer.extend(question);
    if count == 1 {
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        answer.extend(address.octets());
    }
    Some(answer)
}

/// Started: within the 30 seconds of the harness.
fn start(names: &str) -> Server {
    Kamailio::with(&format!(
        r#"
        loadmodule "palisade.so"
        modparam("palisade", "trusted", "192.0.3.1, {names}")
        request_route {{ exit; }}"#
    ))
    .start()
}

#[test]
fn a_silent_dns_holds_up_neither_start_nor_commands() {
    Resolver::run("127.9.9.1", |dns| {
        // Of which each alone would take ten seconds.
        let kam = start("silent1.x.org, silent2.x.org, silent3.x.org, silent4.x.org");
        let error = row(&kam, "trusted").text("last_error");
        assert_eq!(error, "the DNS: has not answered for 5 s");
        // Within the time of one that waits for nothing, and far from the four seconds of one that works.
        let begun = Instant::now();
        assert_eq!(
            call(&kam, "reload", json!(["trusted"])).text("done"),
            "started"
        );
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(3), "{took:?}");
        // It comes when its DNS does, as a list does whose database was away.
        dns.answers_all.store(true, Relaxed);
        let is_there = || row(&kam, "trusted").number("entries") == 4;
        assert!(
            wait_until(is_there, Duration::from_secs(60)),
            "{}",
            kam.log()
        );
        kam.stop();
    });
}

#[test]
fn one_bad_name_leaves_the_others_trusted() {
    Resolver::run("127.9.9.2", |dns| {
        let names = "bad.x.org, good.x.org, silent.x.org, blocked.x.org, good-too.x.org";
        let kam = start(names);
        assert_eq!(row(&kam, "trusted").number("entries"), 2, "{}", kam.log());
        dns.answers_all.store(true, Relaxed);
        call(&kam, "reload", json!(["trusted"]));
        let is_told = || {
            let error = row(&kam, "trusted").text("last_error");
            error.contains("bad.x.org: ")
                && error.contains("blocked.x.org: is 0.0.0.0, which is no host's address")
                && row(&kam, "trusted").number("entries") == 3
        };
        assert!(
            wait_until(is_told, Duration::from_secs(60)),
            "{}",
            kam.log()
        );
        kam.stop();
    });
}
