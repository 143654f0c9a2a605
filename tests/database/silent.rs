//! A database that accepts connections and never answers: it holds up nothing.

use super::{call, row, rpc};
use crate::support::{Kamailio, Port, Rpc, Server, wait_for, wait_until};
use serde_json::{Value, json};
use std::io::{ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What an RPC command may take at the most.
const RPC_TIME: Duration = Duration::from_secs(5);

/// A PostgreSQL that is all ears.
struct Silent {
    port: Port,
    connections: Arc<Mutex<Vec<TcpStream>>>,
}

impl Silent {
    fn new() -> Silent {
        let port = Port::reserve();
        // A program that another test has forked, and that has not begun yet, may hold the socket by which
        // the port was found free.
        let bind = || TcpListener::bind(("127.0.0.1", port.number)).ok();
        let listener = wait_for(bind, RPC_TIME).expect("a port of our own");
        let connections = Arc::<Mutex<Vec<TcpStream>>>::default();
        let held = Arc::clone(&connections);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                stream.set_nonblocking(true).expect("a socket");
                held.lock().expect("nobody panics").push(stream);
            }
        });
        Silent { port, connections }
    }

    /// How many there were.
    fn connections(&self) -> usize {
        self.connections.lock().expect("nobody panics").len()
    }

    /// Has the other end gone, of all of them?
    fn all_have_gone(&self) -> bool {
        let connections = self.connections.lock().expect("nobody panics");
        connections.iter().all(|mut stream| {
            loop {
                match stream.read(&mut [0; 256]) {
                    Ok(0) => break true,
                    Ok(_) => {} // what a driver begins with
                    Err(error) => break error.kind() != ErrorKind::WouldBlock,
                }
            }
        })
    }

    /// A Kamailio with a list from here, and with one from a file.
    fn kamailio(&self, table: &str, file: &std::path::Path) -> Kamailio {
        let (port, file) = (self.port.number, file.display());
        Kamailio::with(&format!(
            r#"
            loadmodule "db_postgres.so"
            loadmodule "palisade.so"
            modparam("palisade", "db_url", "postgres://palisade:secret@127.0.0.1:{port}/lists")
            modparam("palisade", "list", "name=table;kind=user;action=deny;db=palisade_list{table}")
            modparam("palisade", "list", "name=file;kind=user;action=deny;file={file}")
            request_route {{ exit; }}"#
        ))
    }
}

/// It answers within five seconds.
#[track_caller]
fn in_time<T>(what: &str, ask: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let answer = ask();
    let took = begun.elapsed();
    assert!(took < RPC_TIME, "{what}: {took:?}");
    answer
}

fn via(kam: &Server, transport: Rpc, command: &str, arguments: Value) -> Result<String, i64> {
    let answer = kam.rpc(transport, &format!("palisade.{command}"), arguments);
    answer
        .map(|reply| reply.text("done"))
        .map_err(|error| error.code)
}

#[test]
fn it_holds_up_neither_start_nor_commands_nor_the_end() {
    let silent = Silent::new();
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("file.list");
    std::fs::write(&file, "alice\n").expect("write");
    let kam = silent.kamailio("", &file).start(); // within the 30 seconds of the harness
    assert!(silent.connections() >= 1);
    let table = row(&kam, "table");
    assert_eq!(
        (table.number("loaded"), table.number("errors")),
        (0, 1),
        "{table}"
    );
    let error = table.text("last_error");
    assert!(
        error.contains("db_url=postgres://...@127.0.0.1")
            && error.ends_with("has not answered for 5 s"),
        "{error}"
    );
    assert_eq!(row(&kam, "file").number("entries"), 1);

    // Over ctl, which is one process: what comes behind a reload that waits is answered, too.
    std::thread::scope(|scope| {
        for command in ["reload", "reload"] {
            let kam = &kam;
            scope.spawn(move || {
                let done = in_time(command, || via(kam, Rpc::Kamcmd, command, json!(["table"])));
                assert_eq!(done, Ok("started".into()));
            });
        }
        for _ in 0..3 {
            let none = in_time("unban", || {
                via(&kam, Rpc::Kamcmd, "unban", json!(["192.0.2.9"]))
            });
            assert_eq!(none, Err(404));
        }
    });
    // Files are loaded and edited while the database is waited for.
    let before = silent.connections();
    let done = in_time("list_add", || {
        call(&kam, "list_add", json!(["file", "bob"])).text("done")
    });
    assert_eq!(done, "added");
    assert_eq!(
        std::fs::read_to_string(&file).expect("the file"),
        "alice\nbob\n"
    );
    let done = in_time("reload", || {
        call(&kam, "reload", json!(["file"])).text("done")
    });
    assert_eq!(done, "0 failed");
    let done = in_time("list_add", || {
        call(&kam, "list_add", json!(["table", "x"])).text("done")
    });
    assert_eq!(done, "started");
    // More than the queue holds; none of them keeps a place in it.
    for _ in 0..12 {
        let done = in_time("reload", || rpc(&kam, "reload", json!([])));
        assert_eq!(done.expect("started").text("done"), "started");
    }
    let done = in_time("list_remove", || {
        call(&kam, "list_remove", json!(["file", "bob"])).text("done")
    });
    assert_eq!(done, "removed");
    assert!(silent.connections() >= before);
    // The process that asks the database ends with the rest.
    kam.stop_within(Duration::from_secs(10));
    let gone = || silent.all_have_gone();
    assert!(wait_until(gone, Duration::from_secs(10)));
}

#[test]
fn a_list_that_is_required_is_waited_for_and_not_for_ever() {
    let silent = Silent::new();
    let dir = tempfile::tempdir().expect("a folder");
    let log = silent
        .kamailio(";required=1", &dir.path().join("none"))
        .expect_start_failure();
    log.expect("no start: list=table is required: db_url=postgres://...@127.0.0.1:");
    assert!(!log.contains("secret"), "{log}");
}

#[test]
fn kamailio_can_be_told_to_end_while_it_starts() {
    let silent = Silent::new();
    let dir = tempfile::tempdir().expect("a folder");
    let kamailio = silent.kamailio("", &dir.path().join("none"));
    let is_waiting = || silent.connections() > 0;
    let (gone, log) = kamailio.end_at_start(is_waiting, Duration::from_secs(20));
    assert!(gone, "{log}");
    log.expect("no start: told to end while the database was waited for");
}

/// The keeper goes on asking: a list comes when its database does.
#[test]
fn the_keeper_gives_up_too_and_tells_of_it() {
    let silent = Silent::new();
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("file.list");
    std::fs::write(&file, "alice\n").expect("write");
    let kam = silent.kamailio("", &file).start();
    call(&kam, "reload", json!(["table"]));
    let given_up = || row(&kam, "table").number("errors") >= 2;
    assert!(
        wait_until(given_up, Duration::from_secs(60)),
        "{}",
        kam.log()
    );
    let error = row(&kam, "table").text("last_error");
    assert!(error.ends_with("has not answered for 20 s"), "{error}");
    kam.log()
        .expect("list_error name=table db_url=postgres://...@");
    kam.stop();
}
