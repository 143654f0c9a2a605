//! A network of a test's own: nothing outside hears of what is sent in it. It is gone when the last
//! handle and the last socket in it are, or the test process.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::panic::resume_unwind;
use std::process::Command;
use std::sync::Arc;
use std::thread;

#[derive(Clone, Debug)]
pub struct Namespace(Arc<File>);

impl Namespace {
    /// With loopback, and nothing else.
    #[track_caller]
    pub fn new() -> Namespace {
        let made = thread::spawn(|| {
            // SAFETY: takes a number; of this thread alone, which ends here.
            match unsafe { libc::unshare(libc::CLONE_NEWNET) } {
                0 => File::open("/proc/thread-self/ns/net"),
                _ => Err(io::Error::last_os_error()),
            }
        });
        let made = made.join().expect("it does not panic").map(Arc::new);
        let namespace = Namespace(made.unwrap_or_else(|error| {
            panic!("no network namespace can be made ({error}): these tests must run as root")
        }));
        namespace.run("ip link set lo up");
        namespace
    }

    /// Runs it on a thread that is in there. Sockets that it opens stay there.
    pub fn within<T: Send>(&self, body: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| {
            let inside = scope.spawn(|| {
                self.enter().expect("enter a network namespace");
                body()
            });
            inside.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }

    /// A program of iproute2's, in there.
    #[track_caller]
    pub fn run(&self, command: &str) {
        let mut words = command.split(' ');
        let program = words.next().expect("a program");
        let done = self.within(|| Command::new(program).args(words).output());
        let done = done.unwrap_or_else(|error| panic!("{command}: {error}: scripts/setup test"));
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{command}: {}: {told}", done.status);
    }

    /// Two ends of a wire, one of them in the other namespace.
    #[track_caller]
    pub fn wire(&self, name: &str, other: &Namespace, other_name: &str) {
        let peer = format!("/proc/{}/fd/{}", std::process::id(), other.0.as_raw_fd());
        self.run(&format!(
            "ip link add {name} type veth peer name {other_name} netns {peer}"
        ));
        self.run(&format!("ip link set {name} up"));
        other.run(&format!("ip link set {other_name} up"));
    }

    /// Puts the calling thread in there, for good; allowed between fork and exec.
    pub fn enter(&self) -> io::Result<()> {
        // SAFETY: takes two numbers; the file is open.
        match unsafe { libc::setns(self.0.as_raw_fd(), libc::CLONE_NEWNET) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}
