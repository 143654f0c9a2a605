//! Names of hosts, looked up side by side: the resolver may take as long as it likes for each, and
//! can't be interrupted.

use std::net::{IpAddr, Ipv4Addr, ToSocketAddrs};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Names that are looked up at the same time.
const AT_ONCE: usize = 16;

/// One name, and what the resolver says.
type Answer = (String, Result<Vec<IpAddr>, String>);

/// Names that are being looked up.
pub(super) struct Looking {
    answers: Receiver<Answer>,
    /// Those that have not come back.
    open: Vec<String>,
    /// Lines of a list: the addresses.
    pub lines: String,
    /// A sentence for each name that has no address, or a strange one.
    pub failed: Vec<String>,
}

impl Looking {
    /// Begins. Where no thread can be had, names stay open.
    pub(super) fn for_all(names: &[String]) -> Self {
        let (sender, answers) = channel();
        let open = names.to_vec();
        let queue = Arc::new(Mutex::new(open.clone().into_iter()));
        for _ in 0..names.len().min(AT_ONCE) {
            let (sender, queue) = (sender.clone(), Arc::clone(&queue));
            let work = move || {
                let next = || queue.lock().ok()?.next();
                while let Some(name) = next() {
                    let found = look_up(&name);
                    if sender.send((name, found)).is_err() {
                        return;
                    }
                }
            };
            let _started = thread::Builder::new().spawn(work);
        }
        Self {
            answers,
            open,
            lines: String::new(),
            failed: Vec::new(),
        }
    }

    /// Waits for answers. Have all come?
    pub(super) fn wait(&mut self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        while !self.open.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            match self.answers.recv_timeout(left) {
                Ok(answer) => self.take(answer),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return false,
            }
        }
        true
    }

    /// Waits no longer.
    pub(super) fn give_up(&mut self) {
        let open = self.open.drain(..);
        self.failed
            .extend(open.map(|name| format!("{name}: the DNS has not answered")));
    }

    fn take(&mut self, (name, found): Answer) {
        self.open.retain(|open| *open != name);
        match found {
            Ok(addresses) => {
                for ip in addresses {
                    if is_nobodys(ip) {
                        let sentence = format!("{name}: is {ip}, which is no host's address");
                        self.failed.push(sentence);
                    } else {
                        self.lines += &format!("{ip} # {name}\n");
                    }
                }
            }
            Err(error) => self.failed.push(format!("{name}: {error}")),
        }
    }
}

fn look_up(name: &str) -> Result<Vec<IpAddr>, String> {
    let found = (name, 0).to_socket_addrs();
    let found = found.map_err(|error| error.to_string())?;
    Ok(found.map(|address| address.ip()).collect())
}

/// What some resolvers say of a name that they block, and what no packet comes from.
fn is_nobodys(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    ip.is_unspecified() || ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looking(names: &[&str]) -> Looking {
        Looking {
            answers: channel().1,
            open: names.iter().map(|name| (*name).to_owned()).collect(),
            lines: String::new(),
            failed: Vec::new(),
        }
    }

    #[test]
    fn one_bad_name_takes_nothing_from_the_others() {
        let mut looking = looking(&["good", "bad", "blocked", "silent"]);
        looking.take(("bad".into(), Err("no such name".into())));
        let found = ["192.0.2.1", "2001:db8::1"].map(|ip| ip.parse().unwrap());
        looking.take(("good".into(), Ok(found.to_vec())));
        let strange = [
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "ff02::1",
            "255.255.255.255",
            "::ffff:0.0.0.0",
        ];
        let strange = strange.map(|ip| ip.parse().unwrap());
        looking.take(("blocked".into(), Ok(strange.to_vec())));
        assert!(!looking.wait(Duration::ZERO));
        looking.give_up();
        assert_eq!(looking.lines, "192.0.2.1 # good\n2001:db8::1 # good\n");
        assert_eq!(looking.failed.len(), 1 + strange.len() + 1);
        assert_eq!(
            looking.failed[1],
            "blocked: is 0.0.0.0, which is no host's address"
        );
        assert_eq!(
            looking.failed.last().unwrap(),
            "silent: the DNS has not answered"
        );
    }

    #[test]
    fn a_name_of_this_machine_is_found() {
        let mut looking = Looking::for_all(&["localhost".into(), "127.0.0.9".into()]);
        assert!(looking.wait(Duration::from_secs(60)), "{:?}", looking.open);
        assert!(looking.lines.contains("127.0.0.9 # 127.0.0.9\n"));
    }
}
