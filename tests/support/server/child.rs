//! The process that is Kamailio's main one: how it is made, and how it ends, with all that it
//! forked.

use crate::support::log::Log;
use crate::support::process::{Process, send_signal};
use crate::support::wait::wait_until;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// The log's thread is the parent: it lives until the server is gone or the test process is, and
/// with it goes the server.
pub fn spawn(mut command: Command) -> (Child, Log) {
    let log = Log::default();
    let filled = log.clone();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        command
            .stdin(Stdio::null())
            .stdout(writer.try_clone().expect("the pipe again"))
            .stderr(writer);
        command.process_group(0);
        // SAFETY: what runs between fork and exec is one system call.
        unsafe { command.pre_exec(die_with_parent) };
        let child = command
            .spawn()
            .unwrap_or_else(|err| panic!("{:?}: {err}", command.get_program()));
        drop(command); // it holds the pipe's other end
        sender.send(child).expect("the test waits for it");
        filled.fill_from(reader);
    });
    (
        receiver
            .recv()
            .expect("Kamailio's binary runs (apt-get install kamailio, or KAMAILIO=path)"),
        log,
    )
}

fn die_with_parent() -> std::io::Result<()> {
    // SAFETY: takes two numbers, touches no memory.
    match unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

/// Answers what was not as it should be.
pub fn shut_down(child: &mut Child, processes: &[Process], timeout: Duration) -> Vec<String> {
    let mut problems = vec![];
    if child.try_wait().expect("wait for our own child").is_none() {
        send_signal(child.id() as i32, libc::SIGTERM);
    } else {
        problems.push("exit status: it had ended before it was told to".into());
    }
    if !wait_until(
        || child.try_wait().expect("wait for our own child").is_some(),
        timeout,
    ) {
        problems.push(format!("did not stop within {timeout:?}; these remain:"));
        problems.extend(
            processes
                .iter()
                .filter(|process| process.is_alive())
                .map(Process::describe),
        );
    }
    if end(child) {
        problems.push("left processes behind".into());
    }
    let status = child.wait().expect("wait for our own child");
    if !status.success() {
        problems.push(format!("exit status: {status}"));
    }
    problems
}

/// Kills what is left of the process group. Was there anything?
pub fn end(child: &mut Child) -> bool {
    let left = send_signal(-(child.id() as i32), libc::SIGKILL);
    child.wait().expect("wait for our own child");
    left
}
