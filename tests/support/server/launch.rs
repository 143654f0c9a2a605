//! Starting: done when RPC answers and all processes have run, or when Kamailio gave up.

use super::child::{end, spawn};
use super::{STOP, Server};
use crate::support::idle::Activity;
use crate::support::installed::binary;
use crate::support::kamailio::Kamailio;
use crate::support::log::Log;
use crate::support::port::Port;
use crate::support::process::{Process, send_signal};
use crate::support::rpc::{Endpoints, Reply, Rpc};
use crate::support::wait::{wait_for, wait_until};
use serde_json::json;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Child;
use std::sync::Arc;
use std::time::Duration;

const START: Duration = Duration::from_secs(30);

pub struct StartFailure {
    pub why: String,
    pub log: Log,
    pub hung: bool,
}

impl Server {
    pub fn launch(kamailio: &Kamailio, port: Port) -> Result<Server, StartFailure> {
        let dir = tempfile::Builder::new()
            .prefix("palisade-")
            .tempdir()
            .expect("a runtime directory");
        let endpoints = Endpoints {
            kamcmd: binary("kamcmd"),
            dir: dir.path().into(),
            fifo_reply_dir: kamailio.reply_dir(dir.path()),
            http: SocketAddr::from((Ipv4Addr::LOCALHOST, port.number)),
        };
        let (mut child, log) = spawn(kamailio.command(dir.path(), port.number));
        match wait_for(|| started(&mut child, &endpoints), START) {
            Some(Ok(processes)) => Ok(Server {
                activity: Arc::new(Activity::new(port.number, &processes)),
                allowed: kamailio.allowed.clone(),
                stopped: false,
                child,
                log,
                processes,
                endpoints,
                dir,
                port,
            }),
            other => {
                let hung = other.is_none();
                let why = other.map_or_else(
                    || format!("not ready after {START:?}"),
                    |done| done.unwrap_err(),
                );
                end(&mut child);
                log.wait_for_end(STOP);
                Err(StartFailure { why, log, hung })
            }
        }
    }
}

/// Tells one to end while it starts, as soon as `is_time`. Was it gone within `timeout`? And its log.
pub fn end_at_start(
    kamailio: &Kamailio,
    is_time: impl FnMut() -> bool,
    timeout: Duration,
) -> (bool, Log) {
    let dir = tempfile::tempdir().expect("a runtime directory");
    let port = Port::reserve();
    let (mut child, log) = spawn(kamailio.command(dir.path(), port.number));
    assert!(wait_until(is_time, START), "not that far:\n{log}");
    send_signal(child.id() as i32, libc::SIGTERM);
    let is_gone = || child.try_wait().expect("wait for our own child").is_some();
    let gone = wait_until(is_gone, timeout);
    end(&mut child);
    log.wait_for_end(STOP);
    (gone, log)
}

/// None: not yet. An error: it gave up.
fn started(child: &mut Child, endpoints: &Endpoints) -> Option<Result<Vec<Process>, String>> {
    if let Some(status) = child.try_wait().expect("wait for our own child") {
        return Some(Err(status.to_string()));
    }
    if !endpoints.ctl().exists() {
        return None;
    }
    let table = Rpc::Kamcmd.call(endpoints, "core.psx", &json!([])).ok()?;
    let find = |row: &Reply| Process::find(row.number("PID") as i32, &row.text("DSC"));
    let processes: Option<Vec<Process>> = table.records().iter().map(find).collect();
    processes
        .filter(|all| are_complete(all, endpoints) && all.iter().all(Process::is_asleep))
        .map(Ok)
}

/// TCP's main process is forked last. A child that has not run yet takes itself for the main
/// process and so would lose a SIGTERM (`_ksr_is_main` in Kamailio's core/pt.c): asleep, it has
/// run.
fn are_complete(processes: &[Process], endpoints: &Endpoints) -> bool {
    processes
        .iter()
        .any(|process| process.what == "tcp main process")
        || !listens_on_tcp(endpoints)
}

fn listens_on_tcp(endpoints: &Endpoints) -> bool {
    let sockets = Rpc::Kamcmd.call(endpoints, "core.sockets_list", &json!([]));
    !sockets.is_ok_and(|sockets| !sockets.to_string().contains("\"tcp\""))
}
