//! The real sipvicious: with its own name and in haste, as it comes, and as somebody who has read of firewalls.

use crate::support::Server;
use std::process::Command;

/// Runs a tool of sipvicious from the address that comes first, whatever it thinks, as the User-Agent that comes second.
const RUN: &str = "
import os, runpy, shutil, socket, sys
source, agent, tool = sys.argv[1:4]
path = os.path.realpath(shutil.which(tool))
sys.path.insert(0, os.path.dirname(path))
from sipvicious.libs.svhelper import makeRequest
makeRequest.__defaults__ = tuple(
    agent if value == 'friendly-scanner' else value for value in makeRequest.__defaults__)
bind = socket.socket.bind
socket.socket.bind = lambda self, address: bind(self, (source, address[1]))
sys.argv = sys.argv[3:]
runpy.run_path(path, run_name='__main__')
";

/// Its own.
const OWN: &str = "friendly-scanner";
const ANOTHER: &str = "Linphone/3.12.0 (belle-sip/1.6.3)";

pub struct Tool {
    pub name: &'static str,
    agent: &'static str,
    arguments: &'static [&'static str],
}

/// Below the limit of examples/asterisk.cfg, 15 requests in a second.
const PATIENT: &str = "0.1";
const HASTY: &str = "0.001";

macro_rules! tool {
    ($name:literal, $agent:expr, $pace:expr, [$($argument:literal),*]) => {
        Tool { name: $name, agent: $agent, arguments: &[$($argument,)* "-t", $pace] }
    };
}

#[rustfmt::skip]
pub const TOOLS: &[Tool] = &[
    tool!("svmap", OWN, PATIENT, ["svmap"]),
    tool!("svmap, another name", ANOTHER, PATIENT, ["svmap"]),
    tool!("svwar REGISTER", OWN, HASTY, ["svwar", "--force", "-e", "900-959"]),
    tool!("svwar REGISTER, another name", ANOTHER, HASTY, ["svwar", "--force", "-e", "900-959"]),
    tool!("svwar REGISTER, another name, slowly", ANOTHER, PATIENT, ["svwar", "--force", "-e", "900-959"]),
    tool!("svwar INVITE, another name, slowly", ANOTHER, PATIENT, ["svwar", "--force", "-m", "INVITE", "-e", "900-959"]),
    tool!("svwar OPTIONS, another name, slowly", ANOTHER, PATIENT, ["svwar", "--force", "-m", "OPTIONS", "-e", "900-959"]),
    tool!("svcrack", OWN, HASTY, ["svcrack", "-u", "101", "-r", "1000-1059"]),
    tool!("svcrack, another name", ANOTHER, HASTY, ["svcrack", "-u", "101", "-r", "1000-1059"]),
    tool!("svcrack, another name, slowly", ANOTHER, PATIENT, ["svcrack", "-u", "101", "-r", "1000-1059"]),
];

impl Tool {
    /// How many of its messages may be evaluated before it is found: passwords, or users.
    pub fn limit(&self) -> usize {
        match self.arguments[0] {
            "svcrack" => 4,
            _ => 21,
        }
    }

    pub fn is_hasty(&self) -> bool {
        self.arguments.contains(&HASTY)
    }

    /// What it printed. Who is answered goes on for ever, so it has 20 seconds.
    pub fn run(&self, kam: &Server, source: &str) -> String {
        let port = kam.port().to_string();
        let (tool, arguments) = self.arguments.split_first().expect("the tool");
        let timeout: &[&str] = match *tool {
            "svmap" => &[],
            _ => &["--maximumtime", "2"],
        };
        let output = Command::new("timeout")
            .args([
                "20",
                "/usr/bin/python3",
                "-c",
                RUN,
                source,
                self.agent,
                tool,
            ])
            .args(["-x", source, "-p", &port])
            .args(arguments)
            .args(timeout)
            .arg("127.0.0.1")
            .output()
            .expect("sipvicious, which scripts/setup test installs");
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text += &String::from_utf8_lossy(&output.stderr);
        assert!(!text.contains("Traceback"), "{}: {text}", self.name);
        text
    }
}
