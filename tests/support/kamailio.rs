//! A Kamailio that is about to be started.

use super::config::{Config, fill_in};
use super::installed::{binary, stock_modules};
use super::log::Log;
use super::namespace::Namespace;
use super::port::Port;
use super::server::{self, Server};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A port that a program outside the tests took meanwhile costs one start.
const STARTS: usize = 5;

pub struct Kamailio {
    config: Config,
    workers: usize,
    defines: Vec<(String, String)>,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    palisade_so: PathBuf,
    fifo_reply_dir: Option<PathBuf>,
    namespace: Option<Namespace>,
    pub(super) allowed: Vec<String>,
}

impl Kamailio {
    /// A config's own part (loadmodules, modparams, routes); the harness supplies what every test
    /// needs.
    pub fn with(part: &str) -> Kamailio {
        Kamailio::new(Config::Part(part.into()))
    }

    /// A whole config. `@PORT@` and `@DIR@` are filled in; it must listen on 127.0.0.1:@PORT@ and
    /// have ctl on `unix:@DIR@/ctl`.
    pub fn whole(config: &str) -> Kamailio {
        Kamailio::new(Config::Whole(config.into()))
    }

    /// A config file as it stands. What the test must change goes through [`Kamailio::define`]: its
    /// port and its ctl socket, as in [`Kamailio::whole`]. `#!ifndef X` / `#!define X …` /
    /// `#!endif` in the file makes X one.
    pub fn file(path: impl AsRef<Path>) -> Kamailio {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        Kamailio::new(Config::File(path))
    }

    /// An example config, or one that includes it: started as its first lines say, from the top of the
    /// repository, but for its port and its ctl socket.
    pub fn like_an_example(self) -> Kamailio {
        self.environment("PWD", env!("CARGO_MANIFEST_DIR"))
            .define("LISTEN_PORT", "@PORT@")
            .define("CTL", r#""unix:@DIR@/ctl""#)
    }

    fn new(config: Config) -> Kamailio {
        let palisade_so = std::env::var_os("PALISADE_SO").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/palisade.so"),
            PathBuf::from,
        );
        Kamailio {
            config,
            workers: 2,
            defines: vec![],
            arguments: vec![],
            environment: vec![],
            palisade_so,
            fifo_reply_dir: None,
            namespace: None,
            allowed: vec![],
        }
    }

    /// UDP workers per listening address (Kamailio's `children`); 2 unless said. Not for a whole
    /// config or a file.
    pub fn workers(mut self, workers: usize) -> Kamailio {
        self.workers = workers;
        self
    }

    /// `-A name=value`, or `-A name` when the value is empty. A string needs its quotes:
    /// `"\"unix:@DIR@/ctl\""`.
    pub fn define(mut self, name: &str, value: &str) -> Kamailio {
        self.defines.push((name.into(), value.into()));
        self
    }

    /// One more command-line argument.
    pub fn argument(mut self, argument: &str) -> Kamailio {
        self.arguments.push(argument.into());
        self
    }

    pub fn environment(mut self, name: &str, value: &str) -> Kamailio {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// What `loadmodule "palisade.so"` loads, if not `PALISADE_SO`.
    pub fn palisade_so(mut self, path: impl Into<PathBuf>) -> Kamailio {
        self.palisade_so = path.into();
        self
    }

    /// For a whole config or a file that sets jsonrpcs' `fifo_reply_dir`.
    pub fn fifo_reply_dir(mut self, dir: impl Into<PathBuf>) -> Kamailio {
        self.fifo_reply_dir = Some(dir.into());
        self
    }

    /// In a network of its own, where it has no `127.0.0.1:@PORT@` that others reach: who talks to it
    /// must be in there, too. RPC by kamcmd, FIFO and datagram goes on.
    pub fn within(mut self, namespace: &Namespace) -> Kamailio {
        self.namespace = Some(namespace.clone());
        self
    }

    /// The test provokes this: lines with this text, and a death that they tell of, are no failure.
    pub fn allow(mut self, problem: &str) -> Kamailio {
        self.allowed.push(problem.into());
        self
    }

    /// Started, and ready: its RPC answers and all its processes are there.
    #[track_caller]
    pub fn start(self) -> Server {
        match self.try_start() {
            Ok(server) => server,
            Err(failure) => panic!("Kamailio did not start: {}\n{}", failure.why, failure.log),
        }
    }

    /// Panics when it starts after all, or hangs; answers what it said when it gave up.
    #[track_caller]
    pub fn expect_start_failure(self) -> Log {
        match self.try_start() {
            Ok(server) => panic!("Kamailio started:\n{}", server.log()),
            Err(failure) if failure.hung => {
                panic!("Kamailio did not give up: {}\n{}", failure.why, failure.log)
            }
            Err(failure) => failure.log,
        }
    }

    /// Tells it to end while it starts, as soon as `is_time`. Was it gone within `timeout`? And what
    /// it said.
    pub fn end_at_start(
        self,
        is_time: impl FnMut() -> bool,
        timeout: std::time::Duration,
    ) -> (bool, Log) {
        server::end_at_start(&self, is_time, timeout)
    }

    fn try_start(&self) -> Result<Server, server::StartFailure> {
        let mut starts = 1;
        loop {
            match Server::launch(self, Port::reserve()) {
                Err(failure)
                    if failure.log.contains("Address already in use") && starts < STARTS =>
                {
                    starts += 1
                }
                done => return done,
            }
        }
    }

    /// The command line for a server with this directory and port.
    pub(super) fn command(&self, dir: &Path, port: u16) -> Command {
        let mut command = Command::new(binary("kamailio"));
        command
            .arg("-f")
            .arg(self.config.write(dir, port, self.workers));
        command
            .args(["-DD", "-E"])
            .arg("-Y")
            .arg(dir)
            .arg("-w")
            .arg(dir);
        command.arg("-L").arg(self.module_path(dir));
        for (name, value) in &self.defines {
            let define = if value.is_empty() {
                name.clone()
            } else {
                format!("{name}={value}")
            };
            command.arg("-A").arg(fill_in(&define, dir, port));
        }
        command.args(
            self.arguments
                .iter()
                .map(|argument| fill_in(argument, dir, port)),
        );
        command.envs(self.environment.iter().cloned());
        if let Some(namespace) = self.namespace.clone() {
            // SAFETY: what runs between fork and exec is one system call.
            unsafe { command.pre_exec(move || namespace.enter()) };
        }
        command
    }

    pub(super) fn reply_dir(&self, dir: &Path) -> PathBuf {
        let told = self.fifo_reply_dir.clone();
        told.unwrap_or_else(|| self.config.fifo_reply_dir(dir))
    }

    /// Ours first, whatever the file is called, then Kamailio's own. `-L` beats `mpath` in a
    /// config.
    fn module_path(&self, dir: &Path) -> OsString {
        let ours = dir.join("modules");
        std::fs::create_dir(&ours).expect("a directory for palisade.so");
        std::os::unix::fs::symlink(&self.palisade_so, ours.join("palisade.so"))
            .expect("link palisade.so");
        let mut path = OsString::from(ours);
        path.push(":");
        path.push(stock_modules());
        path
    }
}
