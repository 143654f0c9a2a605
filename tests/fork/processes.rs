//! Processes: a stage for each test, and the children that it forks.

use std::io::{PipeWriter, Read, Write, pipe};
use std::os::fd::{AsRawFd, FromRawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// All that a test does must be done within this time: who waits on a dead process never is.
const TIMEOUT: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(5);

/// Where a process of this stage writes down why it failed.
static COMPLAINTS: AtomicI32 = AtomicI32::new(-1);

/// Runs `body` in a process of its own, and fails as it does.
#[track_caller]
pub fn on_stage(body: impl FnOnce()) {
    // The processes of one stage are as many as there are processors. And a fork while another test
    // panics would copy the lock that its report holds.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME
        .lock()
        .unwrap_or_else(|failed| failed.into_inner());
    let (mut reader, writer) = pipe().expect("a pipe");
    let stage = fork(|| {
        begin_stage(&writer);
        body();
    });
    drop(writer);
    let deadline = Instant::now() + TIMEOUT;
    let mut end = stage.poll();
    while end.is_none() && Instant::now() < deadline {
        sleep(POLL);
        end = stage.poll();
    }
    // What it forked goes with it, so that nobody holds the pipe any more.
    send(-stage.pid, libc::SIGKILL);
    let end = end.unwrap_or_else(|| {
        stage.kill();
        stage.wait()
    });
    let mut complaints = String::new();
    reader
        .read_to_string(&mut complaints)
        .expect("what it said");
    assert_eq!(
        end,
        End::Exited(0),
        "after {TIMEOUT:?} at the most:\n{complaints}"
    );
    print!("{complaints}");
}

fn begin_stage(complaints: &PipeWriter) {
    // SAFETY: takes two numbers; a group of its own, to be killed as a whole.
    unsafe { libc::setpgid(0, 0) };
    // SAFETY: takes two numbers; it goes when the test program does.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    COMPLAINTS.store(complaints.as_raw_fd(), Relaxed);
    std::panic::set_hook(Box::new(|info| say(&info.to_string())));
}

/// A line for the output of the test: from any process, without a lock.
pub fn say(line: &str) {
    // SAFETY: the stage's pipe, open as long as its processes live; `ManuallyDrop` keeps it so.
    let pipe = unsafe { PipeWriter::from_raw_fd(COMPLAINTS.load(Relaxed)) };
    let mut pipe = std::mem::ManuallyDrop::new(pipe);
    writeln!(pipe, "{line}").expect("the stage's pipe");
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Exited(i32),
    Killed(i32),
}

/// A child of this process.
pub struct Child {
    pid: i32,
}

/// Forks a process that does this and no more; a panic in it is an exit code of 1.
pub fn fork(body: impl FnOnce()) -> Child {
    // SAFETY: on a stage there is one thread. To begin a stage, the test program, which has more,
    // forks as well: its child calls nothing but what glibc makes ready after a fork (malloc), and
    // takes no lock of std that another test's thread may hold.
    match unsafe { libc::fork() } {
        -1 => panic!("fork: {}", std::io::Error::last_os_error()),
        0 => {
            let ended_well = catch_unwind(AssertUnwindSafe(body)).is_ok();
            // SAFETY: ends the process without running what belongs to its parent.
            unsafe { libc::_exit(i32::from(!ended_well)) }
        }
        pid => Child { pid },
    }
}

/// Forks so many processes that each do this with their number, and waits for all.
#[track_caller]
pub fn fork_all(count: usize, body: impl Fn(usize)) {
    let children: Vec<Child> = (0..count).map(|number| fork(|| body(number))).collect();
    for child in children {
        assert_eq!(child.wait(), End::Exited(0));
    }
}

impl Child {
    pub fn kill(&self) {
        assert!(
            send(self.pid, libc::SIGKILL),
            "it is a child not waited for yet"
        );
    }

    pub fn wait(&self) -> End {
        self.wait_for(0).expect("an end")
    }

    /// None while it runs.
    pub fn poll(&self) -> Option<End> {
        self.wait_for(libc::WNOHANG)
    }

    /// Waits until it has been stopped by a signal.
    #[cfg(feature = "failpoints")]
    #[track_caller]
    pub fn wait_until_it_stops(&self) {
        let mut status = 0;
        // SAFETY: `status` is writable.
        let waited = unsafe { libc::waitpid(self.pid, &raw mut status, libc::WUNTRACED) };
        let has_stopped = waited == self.pid && libc::WIFSTOPPED(status);
        assert!(has_stopped, "it has ended: {status:#x}");
    }

    /// Lets it go on that was stopped.
    #[cfg(feature = "failpoints")]
    pub fn go_on(&self) {
        assert!(
            send(self.pid, libc::SIGCONT),
            "it is a child not waited for yet"
        );
    }

    fn wait_for(&self, options: i32) -> Option<End> {
        let mut status = 0;
        // SAFETY: `status` is writable.
        let waited = unsafe { libc::waitpid(self.pid, &raw mut status, options) };
        assert!(waited >= 0, "waitpid: {}", std::io::Error::last_os_error());
        (waited == self.pid).then(|| match libc::WIFSIGNALED(status) {
            true => End::Killed(libc::WTERMSIG(status)),
            false => End::Exited(libc::WEXITSTATUS(status)),
        })
    }
}

fn send(pid: i32, signal: i32) -> bool {
    assert!(
        pid.abs() > 1,
        "no signals to init, to everybody or to ourselves"
    );
    // SAFETY: takes two numbers, touches no memory.
    unsafe { libc::kill(pid, signal) == 0 }
}
