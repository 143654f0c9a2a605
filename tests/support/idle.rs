//! Has a Kamailio done all that it was sent? Then what was not answered will not be: this is how
//! "no answer" is known soon and surely, on a fast machine and on a loaded one, instead of by a
//! time-out.

use super::process::Process;
use super::wait::wait_until;
use std::fs::read_to_string;
use std::time::{Duration, Instant};

/// A datagram on loopback is in the receiver's queue when `send` returns, except when the kernel
/// defers it for a moment. So the server must be found idle all through this time.
const SETTLED: Duration = Duration::from_millis(40);

#[derive(Debug)]
pub struct Activity {
    port: u16,
    receivers: Vec<Process>,
}

impl Activity {
    pub fn new(port: u16, processes: &[Process]) -> Activity {
        let receives = |process: &&Process| process.is_udp_worker() || process.is_tcp();
        Activity {
            port,
            receivers: processes.iter().filter(receives).cloned().collect(),
        }
    }

    /// A watch over one question: call [`Settling::is_settled`] now and then.
    pub fn settling(&self) -> Settling<'_> {
        Settling {
            activity: self,
            idle_since: None,
        }
    }

    /// False when it is still busy after `timeout`.
    pub fn wait_idle(&self, timeout: Duration) -> bool {
        let mut settling = self.settling();
        wait_until(|| settling.is_settled(), timeout)
    }

    /// Datagrams that the kernel dropped because the server did not read them fast enough.
    pub fn dropped(&self) -> u64 {
        self.udp_sockets().map(|socket| socket.dropped).sum()
    }

    fn is_idle(&self) -> bool {
        self.udp_sockets().all(|socket| socket.queued == 0)
            && self.receivers.iter().all(Process::is_waiting_for_work)
    }

    /// The server's UDP sockets, in the network that it is in: /proc/net/udp and udp6 (columns:
    /// proc_net_udp.txt of the kernel).
    fn udp_sockets(&self) -> impl Iterator<Item = UdpSocket> {
        let local = format!(":{:04X}", self.port);
        let pid = self.receivers.first().map_or(0, |process| process.pid);
        ["udp", "udp6"]
            .map(|name| read_to_string(format!("/proc/{pid}/net/{name}")).unwrap_or_default())
            .join("")
            .lines()
            .filter_map(|line| {
                let columns: Vec<&str> = line.split_whitespace().collect();
                let (_, queued) = columns.get(4)?.split_once(':')?;
                let socket = UdpSocket {
                    queued: u64::from_str_radix(queued, 16).ok()?,
                    dropped: columns.last()?.parse().ok()?,
                };
                columns.get(1)?.ends_with(&local).then_some(socket)
            })
            .collect::<Vec<_>>()
            .into_iter()
    }
}

pub struct Settling<'a> {
    activity: &'a Activity,
    idle_since: Option<Instant>,
}

impl Settling<'_> {
    pub fn is_settled(&mut self) -> bool {
        if !self.activity.is_idle() {
            self.idle_since = None;
            return false;
        }
        self.idle_since.get_or_insert_with(Instant::now).elapsed() >= SETTLED
    }
}

struct UdpSocket {
    queued: u64,
    dropped: u64,
}
