//! A Kamailio that runs. Gone, with all its processes, when this is dropped.

mod child;
mod launch;

pub use launch::{StartFailure, end_at_start};

use crate::support::idle::Activity;
use crate::support::log::Log;
use crate::support::port::Port;
use crate::support::process::Process;
use crate::support::rpc::{self, Endpoints, Reply, Rpc, RpcError};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::process::Child;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const STOP: Duration = Duration::from_secs(15);
/// How long a server may still work before it is told to stop.
const CALM: Duration = Duration::from_secs(1);
const BUSY: Duration = Duration::from_secs(30);

pub struct Server {
    child: Child,
    log: Log,
    processes: Vec<Process>,
    pub(super) activity: Arc<Activity>,
    endpoints: Endpoints,
    allowed: Vec<String>,
    stopped: bool,
    dir: TempDir,
    port: Port,
}

impl Server {
    /// Where it listens, UDP and TCP, on the loopback of the same family as `source`.
    pub fn address_for(&self, source: IpAddr) -> SocketAddr {
        match source {
            IpAddr::V4(_) => (Ipv4Addr::LOCALHOST, self.port.number).into(),
            IpAddr::V6(_) => (Ipv6Addr::LOCALHOST, self.port.number).into(),
        }
    }

    pub fn port(&self) -> u16 {
        self.port.number
    }

    /// The runtime directory, with the ctl socket, the FIFO and the config.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn log(&self) -> &Log {
        &self.log
    }

    pub fn rpc(&self, via: Rpc, method: &str, params: Value) -> Result<Reply, RpcError> {
        via.call(&self.endpoints, method, &params)
    }

    /// What an operator sees who types `kamcmd` and these words: all of its output.
    pub fn kamcmd(&self, words: &[&str]) -> String {
        rpc::kamcmd_text(&self.endpoints, words)
    }

    /// All processes, as they were when the server was ready. Kamailio never replaces one.
    pub fn processes(&self) -> &[Process] {
        &self.processes
    }

    /// The processes that handle UDP requests.
    pub fn workers(&self) -> Vec<&Process> {
        self.processes
            .iter()
            .filter(|process| process.is_udp_worker())
            .collect()
    }

    pub fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    /// Waits until the server has done all that it was sent over UDP and TCP.
    #[track_caller]
    pub fn wait_idle(&self) {
        assert!(
            self.activity.wait_idle(BUSY),
            "still busy after {BUSY:?}\n{}",
            self.log
        );
    }

    /// Datagrams that the kernel dropped because the server did not keep up.
    pub fn dropped(&self) -> u64 {
        self.activity.dropped()
    }

    /// It answers, no process died or was replaced, and the log has no problem.
    #[track_caller]
    pub fn assert_healthy(&self) {
        let dead: Vec<_> = self
            .processes
            .iter()
            .filter(|process| !process.is_alive())
            .collect();
        assert!(dead.is_empty(), "died: {dead:?}\n{}", self.log);
        self.rpc(Rpc::Kamcmd, "core.uptime", json!([]))
            .unwrap_or_else(|err| panic!("no RPC: {err}\n{}", self.log));
        let problems = self.problems();
        assert!(problems.is_empty(), "{problems:#?}\n{}", self.log);
    }

    /// Ends it as an operator would, asserts that the shutdown was clean, and answers the whole
    /// log.
    #[track_caller]
    pub fn stop(self) -> Log {
        self.stop_within(STOP)
    }

    #[track_caller]
    pub fn stop_within(mut self, timeout: Duration) -> Log {
        self.finish(timeout);
        self.log.clone()
    }

    #[track_caller]
    fn finish(&mut self, timeout: Duration) {
        if std::mem::replace(&mut self.stopped, true) {
            return;
        }
        // A child that a signal ends while it holds a lock of Kamailio's leaves it locked, and the
        // cleanup hangs.
        self.activity.wait_idle(CALM);
        let mut problems = child::shut_down(&mut self.child, &self.processes, timeout);
        self.log.wait_for_end(timeout);
        problems.extend(self.problems());
        let cores = std::fs::read_dir(self.dir())
            .expect("the runtime directory")
            .flatten();
        problems.extend(
            cores
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .filter(|name| name.starts_with("core")),
        );
        problems.retain(|problem| self.allowed.is_empty() || !problem.starts_with("exit status"));
        if std::thread::panicking() {
            eprintln!(
                "the log of the Kamailio of this test:\n{}{problems:#?}",
                self.log
            );
        } else if !problems.is_empty() {
            panic!("Kamailio did not end well: {problems:#?}\n{}", self.log);
        }
    }

    fn problems(&self) -> Vec<String> {
        let allowed = |line: &String| self.allowed.iter().any(|text| line.contains(text));
        self.log
            .problems()
            .into_iter()
            .filter(|line| !allowed(line))
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.finish(STOP);
    }
}
