//! Keeps the server's receive queue from running over: what the kernel drops tests nothing.

use std::fs::read_to_string;
use std::thread::yield_now;

/// Of the about 208 kB that Linux gives a socket unless told otherwise.
const ROOM: u64 = 100_000;
/// What a datagram takes in the queue beside its bytes, and more.
const OVERHEAD: u64 = 1500;

pub struct Queue {
    port: String,
    /// An upper bound.
    queued: u64,
}

impl Queue {
    /// Of the server's IPv4 socket.
    pub fn of(port: u16) -> Queue {
        Queue {
            port: format!("0100007F:{port:04X}"),
            queued: 0,
        }
    }

    /// Waits until so many bytes more will fit.
    pub fn wait_for_room(&mut self, bytes: usize) {
        let bytes = bytes as u64 * 2 + OVERHEAD;
        while self.queued + bytes > ROOM && self.queued > 0 {
            yield_now();
            self.queued = self.look().unwrap_or(self.queued);
        }
        self.queued += bytes;
    }

    /// None when the kernel left the socket out, as it may while others come and go. Columns:
    /// proc_net_udp.txt of the kernel.
    fn look(&self) -> Option<u64> {
        let sockets = read_to_string("/proc/net/udp").expect("/proc/net/udp");
        let mut lines = sockets.lines().map(|line| line.split_whitespace());
        let mut columns = lines.find(|columns| columns.clone().nth(1) == Some(&self.port))?;
        let (_, received) = columns.nth(4)?.split_once(':')?;
        u64::from_str_radix(received, 16).ok()
    }
}
