//! A program that is gone when this is, or when the tests are, whatever ends them.

use std::ffi::OsStr;
use std::process::{Child, Command, ExitStatus, Stdio};

pub struct Program(Child);

impl Program {
    /// The command that starts it.
    pub fn command(name: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(name);
        command.stdin(Stdio::null());
        command
    }

    #[track_caller]
    pub fn start(command: &mut Command) -> Program {
        Program(command.spawn().expect("setpriv, which every Debian has"))
    }

    /// None: it runs.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().expect("our own child")
    }

    pub fn wait(&mut self) -> ExitStatus {
        self.0.wait().expect("our own child")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.ended().is_none() {
            self.0.kill().expect("our own child");
            self.wait();
        }
    }
}
