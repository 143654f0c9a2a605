//! Real phones that register, call and are called: baresip, and sipp.

use super::asterisk::PASSWORD;
use super::program::Program;
use crate::support::{Server, wait_until};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(20);
const SIPP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/sipp");

/// What baresip's own packages hold, but no sound card: what comes in goes out again.
const CONFIG: &str = "
net_interface @IP@
sip_listen @IP@:5060
module_path /usr/lib/baresip/modules
module g711.so
module aubridge.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen @IP@:4444
audio_player aubridge,one
audio_source aubridge,one
audio_alert aubridge,another
";

/// baresip, which answers whoever calls. It is gone when this is.
pub struct Baresip {
    _program: Program,
    ip: String,
    dir: TempDir,
}

impl Baresip {
    pub fn start(kam: &Server, ip: &str, user: &str) -> Baresip {
        let dir = tempfile::tempdir().expect("a folder");
        let account = format!(
            "<sip:{user}@127.0.0.1:{}>;auth_user={user};auth_pass={PASSWORD};answermode=auto;regint=60\n",
            kam.port()
        );
        let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).expect("write");
        write("config", &CONFIG.replace("@IP@", ip));
        write("accounts", &account);
        write("contacts", "");
        let printed = fs::File::create(dir.path().join("printed")).expect("create");
        let mut command = Program::command("baresip");
        command
            .arg("-f")
            .arg(dir.path())
            .stdout(printed.try_clone().expect("the file again"))
            .stderr(printed);
        Baresip {
            _program: Program::start(&mut command),
            ip: ip.into(),
            dir,
        }
    }

    fn printed(&self) -> String {
        let text = fs::read(self.dir.path().join("printed")).expect("what it printed");
        String::from_utf8_lossy(&text).into_owned()
    }

    #[track_caller]
    pub fn expect(&self, text: &str) {
        let is_printed = wait_until(|| self.printed().contains(text), PATIENCE);
        assert!(
            is_printed,
            "{}: no {text:?} in\n{}",
            self.ip,
            self.printed()
        );
    }

    /// A command of its menu, by its control port: a netstring of JSON.
    pub fn command(&self, command: &str, parameter: &str) {
        let at: SocketAddr = format!("{}:4444", self.ip).parse().expect("an address");
        let mut control = TcpStream::connect(at).expect("baresip's control port");
        control.set_read_timeout(Some(PATIENCE)).expect("a time");
        let text = format!(r#"{{"command":"{command}","params":"{parameter}"}}"#);
        write!(control, "{}:{text},", text.len()).expect("send");
        // It answers when it has done it.
        let answered = control.read(&mut [0; 1024]).expect("an answer");
        assert!(answered > 0, "{}: no answer to {command}", self.ip);
    }
}

/// Where all of them are: Asterisk has nothing to do with these addresses.
pub const PHONES: &str = "127.0.73.";

/// Two softphones: both register, one calls, the other hangs up.
pub fn softphones(kam: &Server) {
    let one = Baresip::start(kam, "127.0.73.1", "101");
    let other = Baresip::start(kam, "127.0.73.2", "102");
    for phone in [&one, &other] {
        phone.expect("200 OK");
    }
    one.command("dial", "102");
    for phone in [&one, &other] {
        phone.expect("Call established");
    }
    other.command("hangup", "");
    one.expect("session closed");
    other.command("dial", "600");
    other.expect("incoming rtp for 'audio' established");
}

/// sipp registers, and is called ten times in five seconds: more from one address in haste are too many.
pub fn sipp(kam: &Server) {
    let dir = tempfile::tempdir().expect("a folder");
    let at = format!("127.0.0.1:{}", kam.port());
    let phone = |ip: &str, user: &str, more: &[&str]| {
        let mut command = Program::command("sipp");
        command
            .args([&at, "-i", ip])
            .args(["-p", "5060", "-s", user, "-au", user, "-ap", PASSWORD])
            .args(["-nostdin", "-timeout", "50", "-timeout_error", "-trace_err"])
            .args(more)
            .current_dir(&dir)
            .stdout(Stdio::null());
        command
    };
    let scenario = |name: &str| format!("{SIPP}/{name}.xml");
    let done = |command: &mut Command, what: &str| {
        let done = Program::start(command).wait();
        assert!(done.success(), "{what}: {done}\n{}", errors(dir.path()));
    };
    for (ip, user) in [("127.0.73.3", "103"), ("127.0.73.4", "101")] {
        let register = scenario("register");
        done(
            &mut phone(ip, user, &["-sf", &register, "-m", "1"]),
            "register",
        );
    }
    let answer = scenario("answer");
    let mut answer = phone("127.0.73.3", "103", &["-sf", &answer, "-m", "10"]);
    let mut called = Program::start(&mut answer);
    let call = scenario("call");
    let calls = ["-sf", &call, "-m", "10", "-r", "2", "-key", "callee", "103"];
    done(&mut phone("127.0.73.4", "101", &calls), "call");
    let ended = called.wait();
    assert!(
        ended.success(),
        "be called: {ended}\n{}",
        errors(dir.path())
    );
}

/// What sipp wrote of what went wrong.
fn errors(dir: &Path) -> String {
    let mut text = String::new();
    for file in fs::read_dir(dir).expect("a folder") {
        let file = file.expect("a file");
        text += &fs::read_to_string(file.path()).unwrap_or_else(|error| error.to_string());
    }
    text
}
